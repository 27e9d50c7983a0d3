// Boxes of PGNet: opening them with the private key of either side. Keys never leave the page.

import nacl from "tweetnacl";

const SIZE = 32;

// Return the octets of base64, or null if it is none.
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

// Return a key that a person gave, or null if it is none.
export function key(text) {
  const octets = fromBase64(text);
  return octets?.length === SIZE ? octets : null;
}

export class Keyring {
  constructor(privates, publics) {
    this.privates = privates;
    this.publics = [...publics, ...privates.map((one) => nacl.box.keyPair.fromSecretKey(one).publicKey)];
  }

  // Take in the public key that a message in clear offers, if it offers one.
  learn(data) {
    try {
      const offered = key(JSON.parse(new TextDecoder().decode(data)).payload?.pubkey ?? "");
      if (offered) this.publics.unshift(offered);
    } catch {
      // It is no message that offers a key.
    }
  }

  // Return the octets in a box, or null if no key opens it.
  open(data) {
    const text = String.fromCharCode(...data);
    const [nonce, box] = [fromBase64(text.slice(0, 32)), fromBase64(text.slice(32))];
    if (nonce?.length !== nacl.box.nonceLength || !box) return null;
    for (const secret of this.privates) {
      for (const shared of this.publics) {
        const opened = nacl.box.open(box, nonce, shared, secret);
        if (opened) return opened;
      }
    }
    return null;
  }
}
