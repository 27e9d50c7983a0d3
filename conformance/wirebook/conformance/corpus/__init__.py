"""What fuzzing has found: inputs that once broke an implementation, kept to be tried on all.

What may live here: the form of a finding and its file, finding the files, and playing the inputs
again. How findings are made is not known here.
"""

from wirebook.conformance.corpus.files import built_in, file_of, load, load_all, save
from wirebook.conformance.corpus.finding import Finding, Script, Step

__all__ = ["Finding", "Script", "Step", "built_in", "file_of", "load", "load_all", "save"]
