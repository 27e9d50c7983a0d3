-- From here on, the file is the same for every book: it reads octets as the table above says.
--
-- `dissect` gives the runs of a message: each has an offset, a length, a path and a text, as
-- `wirebook decode` shows them. A breach of the form ends it with an error, which is a table.

local proto = Proto(BOOK.name, BOOK.title)
proto.prefs.port = Pref.uint("Port", BOOK.name == "pgnet" and 38929 or 0, "Port of the server")

local SHOWN = 60
local messages = {}
for _, message in ipairs(BOOK.messages) do messages[message.name] = message.form end

local function breach(offset, reason) error({offset = offset, reason = reason}, 0) end

-- Texts ---------------------------------------------------------------------------------------

local function utf8_end(text, at)
  -- Return where the character at `at` ends, or nil if there is none.
  local a, b = text:byte(at, at + 1)
  if a < 0x80 then return at end
  local size = a >= 0xC2 and a < 0xE0 and 2 or a >= 0xE0 and a < 0xF0 and 3
    or a >= 0xF0 and a < 0xF5 and 4
  if not size or at + size - 1 > #text then return nil end
  for i = at + 1, at + size - 1 do
    local c = text:byte(i)
    if c < 0x80 or c > 0xBF then return nil end
  end
  local bad = a == 0xE0 and b < 0xA0 or a == 0xED and b > 0x9F or a == 0xF0 and b < 0x90
    or a == 0xF4 and b > 0x8F
  return not bad and at + size - 1 or nil
end

local function is_utf8(text)
  local at = 1
  while at <= #text do
    local last = utf8_end(text, at)
    if not last then return false end
    at = last + 1
  end
  return true
end

local function short(text)
  local at, count, cut = 1, 0, nil
  while at <= #text do
    local last = utf8_end(text, at) or at
    count = count + 1
    if count == SHOWN - 1 then cut = last end
    at = last + 1
  end
  return count <= SHOWN and text or text:sub(1, cut) .. "…"
end

local ESCAPES = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
  ["\b"] = "\\b", ["\f"] = "\\f"}

local function quoted(text)
  local escaped = text:gsub('[%c"\\]', function(c)
    if c == "\127" then return c end
    return ESCAPES[c] or string.format("\\u%04x", c:byte())
  end)
  return '"' .. escaped .. '"'
end

local function hex(octets)
  local shown = octets:sub(1, SHOWN):gsub(".", function(c) return string.format("%02x ", c:byte()) end)
  return shown == "" and "(empty)" or shown:sub(1, -2)
end

local function float_text(value)
  if value ~= value then return "nan" end
  if value == math.huge then return "inf" elseif value == -math.huge then return "-inf" end
  local digits, exponent
  for precision = 0, 16 do
    local text = string.format("%." .. precision .. "e", value)
    if tonumber(text) == value then
      digits, exponent = text:match("^(.-)e(.+)$")
      break
    end
  end
  local sign = digits:match("^%-") or ""
  digits, exponent = digits:gsub("[-.]", ""), tonumber(exponent)
  if exponent < -4 or exponent >= 16 then
    local rest = digits:sub(2)
    return sign .. digits:sub(1, 1) .. (rest == "" and "" or "." .. rest)
      .. string.format("e%s%02d", exponent < 0 and "-" or "+", math.abs(exponent))
  end
  if exponent < 0 then return sign .. "0." .. ("0"):rep(-exponent - 1) .. digits end
  digits = digits .. ("0"):rep(exponent + 1 - #digits)
  local rest = digits:sub(exponent + 2)
  return sign .. digits:sub(1, exponent + 1) .. "." .. (rest == "" and "0" or rest)
end

local function member(path, name)
  if name:match("^[%a_\128-\255][%w_\128-\255]*$") then
    return path == "" and name or path .. "." .. name
  end
  local quote = name:find("'") and not name:find('"') and '"' or "'"
  return path .. "[" .. quote .. name:gsub("\\", "\\\\") .. quote .. "]"
end

-- A reader has the octets and the runs that were found in them ---------------------------------

local Reader = {}
Reader.__index = Reader

local function reader(tvb)
  return setmetatable({tvb = tvb, data = tvb:len() > 0 and tvb:raw() or "", runs = {}}, Reader)
end

function Reader:note(offset, length, path, text, number)
  self.runs[#self.runs + 1] =
    {offset = offset, length = length, path = path, text = text, number = number}
end

function Reader:uint(offset, size, stop)
  if offset + size > stop then breach(offset, "too short") end
  local value = 0
  for i = offset + 1, offset + size do value = value * 256 + self.data:byte(i) end
  return value
end

-- MessagePack -----------------------------------------------------------------------------------

function Reader:messagepack(piece, offset, stop, path)
  local profile = piece.profile
  local at = offset
  local value

  local function take(size)
    if at + size > stop then breach(at, "the value is incomplete") end
    at = at + size
    return at - size
  end

  local function octets(size) local begin = take(size); return self.data:sub(begin + 1, at) end

  local function text(size)
    local found = octets(size)
    if not is_utf8(found) then breach(at - size, "invalid UTF-8") end
    return {kind = "str", text = quoted(found), str = found}
  end

  local function bin(size)
    local found = octets(size)
    if profile.bin_as_text and is_utf8(found) then
      return {kind = "str", text = quoted(found), str = found}
    end
    return {kind = "bin", text = hex(found)}
  end

  local function integer(size, signed)
    local begin = take(size)
    local range = self.tvb(begin, size)
    if size == 8 then
      local found = signed and range:int64() or range:uint64()
      return {kind = "int", text = tostring(found), number = found:tonumber()}
    end
    local found = signed and range:int() or range:uint()
    return {kind = "int", text = string.format("%d", found), number = found}
  end

  local function float(size)
    local found = self.tvb(take(size), size):float()
    return {kind = "float", text = float_text(found)}
  end

  local function extension(size)
    local code = self.tvb(take(1), 1):int()
    return {kind = "ext", text = "extension " .. code .. ": " .. hex(octets(size))}
  end

  local function scalar(head)
    if head < 0x80 then return {kind = "int", text = tostring(head), number = head} end
    if head >= 0xE0 then return {kind = "int", text = tostring(head - 256), number = head - 256} end
    if head >= 0xA0 and head < 0xC0 then return text(head - 0xA0) end
    if head == 0xC0 then return {kind = "nil", text = "nil"} end
    if head == 0xC2 then return {kind = "bool", text = "false"} end
    if head == 0xC3 then return {kind = "bool", text = "true"} end
    local size = function(n) return self:uint(take(n), n, stop) end
    if head >= 0xC4 and head <= 0xC6 then return bin(size(2 ^ (head - 0xC4))) end
    if head >= 0xC7 and head <= 0xC9 then return extension(size(2 ^ (head - 0xC7))) end
    if head == 0xCA then return float(4) elseif head == 0xCB then return float(8) end
    if head >= 0xCC and head <= 0xCF then return integer(2 ^ (head - 0xCC), false) end
    if head >= 0xD0 and head <= 0xD3 then return integer(2 ^ (head - 0xD0), true) end
    if head >= 0xD4 and head <= 0xD8 then return extension(2 ^ (head - 0xD4)) end
    return text(size(2 ^ (head - 0xD9)))
  end

  local function count_of(head)
    -- Return what an array or a map is, and of how many; nothing for a scalar.
    if head >= 0x80 and head < 0x90 then return "map", head - 0x80 end
    if head >= 0x90 and head < 0xA0 then return "array", head - 0x90 end
    if head < 0xDC or head > 0xDF then return nil end
    local size = head % 2 == 0 and 2 or 4
    return head < 0xDE and "array" or "map", self:uint(take(size), size, stop)
  end

  local function opened(begin, depth)
    local head = self.data:byte(take(1) + 1)
    if head == 0xC1 then breach(begin, "reserved octet c1") end
    local is_ext = head >= 0xC7 and head <= 0xC9 or head >= 0xD4 and head <= 0xD8
    if is_ext and not profile.extensions then breach(begin, "an extension type") end
    local container = head >= 0x80 and head < 0xA0 or head >= 0xDC and head <= 0xDF
    if (container or profile.scalars_deep) and depth >= piece.depth then
      breach(begin, "deeper than " .. piece.depth)
    end
    return head, container or is_ext
  end

  function value(where, depth)
    local begin = at
    local head = opened(begin, depth)
    local kind, count = count_of(head)
    if not kind then
      local found = scalar(head)
      self:note(begin, at - begin, where, short(found.text), found.number)
      found.offset = begin
      return found
    end
    if count == 0 then
      self:note(begin, at - begin, where, kind == "map" and "{}" or "[]")
    else
      self:note(begin, at - begin, where .. ":" .. kind, kind .. " of " .. count)
    end
    local found = {kind = kind, offset = begin, members = {}}
    for index = 1, count do
      local item_path = where .. "[" .. (index - 1) .. "]"
      local key
      if kind == "map" then
        local key_at = at
        local key_head, no_key = opened(key_at, depth)
        if no_key then breach(key_at, "an array, a map or an extension value as a key") end
        key = scalar(key_head)
        for _, other in ipairs(found.members) do
          if other.key.text == key.text and other.key.kind == key.kind then breach(key_at, "key twice") end
        end
        item_path = key.str and member(where, key.str) or where .. "[" .. key.text .. "]"
        self:note(key_at, at - key_at, item_path .. ":key", short(key.text))
      end
      found.members[index] = {key = key, value = value(item_path, depth + 1)}
    end
    return found
  end

  local found = value(path, 0)
  if at < stop then breach(at, (stop - at) .. " octets left over") end
  self:check(piece.taken or piece.value, found)
end

-- JSON ------------------------------------------------------------------------------------------

function Reader:json(piece, offset, stop, path)
  local data = self.data:sub(1, stop)
  if not is_utf8(data:sub(offset + 1)) then breach(offset, "invalid UTF-8") end
  local at = offset + 1
  local value

  local function skip() at = data:find("[^ \t\n\r]", at) or stop + 1 end

  local function string_at()
    local begin, last = at, at
    if data:sub(at, at) ~= '"' then breach(at - 1, "no JSON: no string") end
    repeat
      last = data:find('["\\%c]', last + 1)
      local c = last and data:sub(last, last)
      if c == "\\" then last = last + 1; c = nil
      elseif c ~= '"' and c ~= "\127" then breach(at - 1, "no JSON: no string") end
    until c == '"'
    at = last + 1
    local raw = data:sub(begin + 1, last - 1)
    local function code_point(code)
      if code < 0x80 then return string.char(code) end
      if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
      if code < 0x10000 then
        return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
      end
      return string.char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
        0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
    end
    raw = raw:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
      return code_point(0x10000 + (tonumber(high, 16) - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00)
    end)
    local plain = {n = "\n", r = "\r", t = "\t", b = "\b", f = "\f"}
    local found = raw:gsub("\\(u?)(%x?%x?%x?%x?)(.?)", function(u, digits, rest)
      if u == "u" then return code_point(tonumber(digits, 16)) .. rest end
      local whole = digits .. rest
      return (plain[whole:sub(1, 1)] or whole:sub(1, 1)) .. whole:sub(2)
    end)
    return found
  end

  local function container(where, depth, kind, close)
    local begin = at
    if depth >= piece.depth then breach(at - 1, "deeper than " .. piece.depth) end
    at = at + 1
    skip()
    self:note(begin - 1, at - begin, where .. ":" .. kind, kind)
    local found = {kind = kind == "object" and "map" or "array", offset = begin - 1, members = {}}
    while true do
      skip()
      if data:sub(at, at) == close then at = at + 1; return found end
      if #found.members > 0 then
        if data:sub(at, at) ~= "," then breach(at - 1, "no JSON: neither a comma nor the end") end
        at = at + 1
        skip()
      end
      local item_path, key = where .. "[" .. #found.members .. "]", nil
      if kind == "object" then
        local key_at = at
        key = {kind = "str", str = string_at()}
        for _, other in ipairs(found.members) do
          if other.key.str == key.str then breach(key_at - 1, "member twice") end
        end
        skip()
        if data:sub(at, at) ~= ":" then breach(at - 1, "no JSON: no colon") end
        at = at + 1
        skip()
        item_path = member(where, key.str)
        self:note(key_at - 1, at - key_at, item_path .. ":key", short(quoted(key.str)))
      end
      found.members[#found.members + 1] = {key = key, value = value(item_path, depth + 1)}
    end
  end

  function value(where, depth)
    local begin, first = at, data:sub(at, at)
    if first == "{" then return container(where, depth, "object", "}") end
    if first == "[" then return container(where, depth, "array", "]") end
    local found
    if first == '"' then
      local text = string_at()
      found = {kind = "str", text = quoted(text), str = text}
    else
      local number = data:match("^-?%d+%.?%d*[eE]?[-+]?%d*", at)
      local word = data:match("^%a+", at)
      if number and number ~= "" then
        local is_int = not number:find("[.eE]")
        found = {kind = is_int and "int" or "float", number = tonumber(number),
          text = is_int and (number == "-0" and "0" or number) or float_text(tonumber(number))}
        at = at + #number
      elseif word == "true" or word == "false" or word == "null" then
        found = {kind = word == "null" and "nil" or "bool", text = word}
        at = at + #word
      else
        breach(at - 1, "no JSON: no value")
      end
    end
    self:note(begin - 1, at - begin, where, short(found.text), found.kind == "int" and found.number or nil)
    found.offset = begin - 1
    return found
  end

  skip()
  local found = value(path, 0)
  skip()
  if at <= stop then breach(at - 1, "no JSON: something behind the value") end
  self:check(piece.value, found)
end

-- Shapes: the first thing that is wrong with a value is a breach -----------------------------------

function Reader:check(shape, value)
  if shape.type == "any" or shape.nullable and value.kind == "nil" then return end
  local wanted = shape.type == "record" and "map" or shape.type
  if value.kind ~= wanted then breach(value.offset, value.kind .. " instead of " .. wanted) end
  if wanted == "int" and shape.least and (value.number < shape.least or value.number > shape.most) then
    breach(value.offset, value.text .. " is not within " .. shape.least .. " to " .. shape.most)
  elseif wanted == "array" then
    for _, item in ipairs(value.members) do self:check(shape.items, item.value) end
  elseif wanted == "map" then
    local known = {}
    for _, key in ipairs(shape.keys and shape.type == "record" and shape.keys or {}) do known[key.name] = key end
    for _, item in ipairs(value.members) do
      local name = item.key.str
      if not name and not shape.any_keys then breach(item.value.offset, "a key that is not a str") end
      local key = name and known[name]
      if key then
        self:check(key, item.value)
        known[name] = nil
      elseif shape.type == "map" then
        self:check(shape.values, item.value)
      elseif not shape.others then
        breach(item.value.offset, "unknown key")
      else
        if shape.others.ignored then self.ignored = (self.ignored or 0) + 1 end
        self:check(shape.others, item.value)
      end
    end
    for name, key in pairs(known) do
      if key.required then breach(value.offset, "no key " .. name) end
    end
  end
end

-- Layouts -----------------------------------------------------------------------------------------

local DECODED = {}
for i, c in ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):gmatch("()(.)") do
  DECODED[c] = i - 1
end

local function base64(text)
  local found = {}
  if #text % 4 ~= 0 then return nil end
  for quad in text:gmatch("....") do
    local bits, count = 0, 0
    for c in quad:gmatch(".") do
      if c ~= "=" then
        if not DECODED[c] then return nil end
        count = count + 1
      end
      bits = bits * 64 + (DECODED[c] or 0)
    end
    if count < 2 then return nil end
    local octets = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    found[#found + 1] = octets:sub(1, count - 1)
  end
  return table.concat(found)
end

local function joined(path, name) return path == "" and name or path .. "." .. name end

local pieces = {}

function Reader:piece(piece, offset, stop, path)
  -- Read a piece; return where what follows begins.
  return pieces[piece.type](self, piece, offset, stop, path)
end

function pieces.message(self, piece, offset, stop, path)
  return self:piece(messages[piece.message], offset, stop, path)
end

function pieces.layout(self, piece, offset, stop, path)
  for _, field in ipairs(piece.fields) do
    offset = self:piece(field, offset, stop, joined(path, field.name))
  end
  return offset
end

function pieces.uint(self, piece, offset, stop, path)
  local value = self:uint(offset, piece.size, stop)
  if value < piece.least or value > piece.most then
    breach(offset, value .. " is not within " .. piece.least .. " to " .. piece.most)
  end
  self:note(offset, piece.size, path, string.format("%d", value), value)
  return offset + piece.size
end

function pieces.bits(self, piece, offset, stop, path)
  local value, text = self:uint(offset, piece.size, stop), ""
  local left = value
  for _ = 1, 8 * piece.size do
    text = left % 2 .. text
    left = math.floor(left / 2)
  end
  self:note(offset, piece.size, path, text:gsub("%.0", ""), value)
  return offset + piece.size
end

function pieces.magic(self, piece, offset, stop, path)
  if offset + piece.size > stop then breach(offset, "too short") end
  local found = self.data:sub(offset + 1, offset + piece.size)
  if hex(found):gsub(" ", "") ~= piece.hex then breach(offset, "another constant") end
  self:note(offset, piece.size, path, hex(found))
  return offset + piece.size
end

function pieces.word(self, piece, offset, stop, path)
  local found = self.data:sub(offset + 1, stop)
  for _, word in ipairs(piece.words) do
    if found == word then
      self:note(offset, #word, path, quoted(word))
      return stop
    end
  end
  breach(offset, "none of the words")
end

function pieces.base64(self, piece, offset, stop, path)
  local last = piece.size and math.min(offset + piece.size, stop) or stop
  local found = base64(self.data:sub(offset + 1, last))
  if not found or #found < (piece.octets or piece.least) then breach(offset, "no base64 of that size") end
  self:note(offset, last - offset, path, short(hex(found)))
  return last
end

function pieces.block(self, piece, offset, stop, path)
  local prefix = piece.length
  local length = self:uint(offset, prefix.size, stop)
  self:note(offset, prefix.size, path .. ":length", string.format("%d", length), length)
  if length < prefix.least or length > prefix.most then breach(offset, length .. " octets announced") end
  local begin = offset + prefix.size
  if begin + length > stop then breach(offset, length .. " octets announced, " .. stop - begin .. " there") end
  return self:piece(piece.content, begin, begin + length, path)
end

pieces["until-end"] = function(self, piece, offset, stop, path)
  local index = 0
  while offset < stop do
    offset = self:piece(piece.items, offset, stop, path .. "[" .. index .. "]")
    index = index + 1
  end
  return offset
end

function pieces.messagepack(self, piece, offset, stop, path)
  self:messagepack(piece, offset, stop, path)
  return stop
end

function pieces.json(self, piece, offset, stop, path)
  self:json(piece, offset, stop, path)
  return stop
end

local function dissect(form, tvb)
  local found = reader(tvb)
  local size = tvb:len()
  local _, problem = pcall(function()
    if size < form.least then breach(size, "too short") end
    if form.most and size > form.most then breach(form.most, "too long") end
    local last = found:piece(form, 0, size, "")
    if last < size then breach(last, size - last .. " octets left over") end
  end)
  if problem and type(problem) ~= "table" then error(problem, 0) end
  found.problem = problem
  return found
end

local function guess(tvb)
  -- Return the reading that makes most of the octets; of whole ones, that which ignores least.
  local best, name, extent
  for _, message in ipairs(BOOK.messages) do
    if message.datagram then
      local found = dissect(message.form, tvb)
      local reach = found.problem and found.problem.offset or math.huge
      local better = not best or reach > extent
        or reach == extent and not found.problem and (found.ignored or 0) < (best.ignored or 0)
      if better then best, name, extent = found, message.name, reach end
    end
  end
  return best, name
end

-- Wireshark -----------------------------------------------------------------------------------------

local fields = {}

local function abbreviation(path)
  return BOOK.name .. "." .. path:gsub("%[%d+%]", ""):gsub(":", "_")
end

local function declare(piece, path, description)
  if piece.type == "message" then return declare(messages[piece.message], path, description) end
  for _, field in ipairs(piece.fields or {}) do declare(field, joined(path, field.name), field.doc) end
  if piece.type == "block" then
    local size = "uint" .. 8 * piece.length.size
    fields[abbreviation(path .. ":length")] = fields[abbreviation(path .. ":length")]
      or ProtoField[size](abbreviation(path .. ":length"), path .. " length", base.DEC, nil, nil, piece.length.doc)
    declare(piece.content, path, description)
  elseif piece.type == "until-end" then
    declare(piece.items, path, description)
  elseif piece.type == "messagepack" or piece.type == "json" then
    for _, key in ipairs(piece.value.type == "record" and piece.value.keys or {}) do
      local name = abbreviation(joined(path, key.name))
      fields[name] = fields[name] or ProtoField.string(name, joined(path, key.name), base.NONE, key.doc)
    end
  elseif not piece.fields then
    local name = abbreviation(path)
    local number = piece.type == "uint" or piece.type == "bits"
    fields[name] = fields[name]
      or number and ProtoField["uint" .. 8 * piece.size](name, path, piece.type == "bits" and base.HEX or base.DEC, nil, nil, description)
      or ProtoField.string(name, path, base.NONE, description)
  end
end

for _, message in ipairs(BOOK.messages) do
  if message.datagram then declare(message.form, "", message.form.doc) end
end
local message_field = ProtoField.string(BOOK.name .. ".message_name", "message")
local other_field = ProtoField.string(BOOK.name .. ".value", "value")
local all = {message_field, other_field}
for _, field in pairs(fields) do all[#all + 1] = field end
proto.fields = all
local malformed = ProtoExpert.new(BOOK.name .. ".malformed", "malformed", expert.group.MALFORMED, expert.severity.ERROR)
proto.experts = {malformed}

local NUMERIC = {}
for name, field in pairs(fields) do
  NUMERIC[name] = tostring(field):find("UINT") ~= nil
end

local function show(tvb, pinfo, tree)
  local found, name = guess(tvb)
  if not found then return 0 end
  pinfo.cols.protocol = BOOK.title
  pinfo.cols.info = name .. (found.problem and " (malformed)" or "")
  local top = tree:add(proto, tvb(), BOOK.title .. ", " .. name)
  top:add(message_field, tvb(), name)
  for _, run in ipairs(found.runs) do
    local abbreviated = abbreviation(run.path)
    local field = fields[abbreviated] or other_field
    local label = run.path .. ": " .. run.text
    local range = run.length > 0 and tvb(run.offset, run.length) or tvb(math.min(run.offset, tvb:len() - 1), 0)
    if NUMERIC[abbreviated] and run.number then
      top:add(field, range, run.number, label)
    else
      top:add(field, range, run.text, label)
    end
  end
  if found.problem then
    top:add_proto_expert_info(malformed, found.problem.reason .. " at octet " .. found.problem.offset)
  end
  return tvb:len()
end

local function frame_size(tvb, _, offset)
  local first = BOOK.messages[1].form.fields[1].length
  return tvb(offset, first.size):uint() + first.size
end

function proto.dissector(tvb, pinfo, tree)
  if tvb:len() == 0 then return 0 end
  if BOOK.carrier == "TCP" then
    dissect_tcp_pdus(tvb, tree, BOOK.messages[1].form.fields[1].length.size, frame_size, show)
    return tvb:len()
  end
  return show(tvb, pinfo, tree)
end

local TABLES = {UDP = "udp.port", TCP = "tcp.port", WebSocket = "ws.port"}
local listening

local function listen()
  local ports = DissectorTable.get(TABLES[BOOK.carrier])
  if listening then ports:remove(listening, proto) end
  listening = proto.prefs.port
  if listening > 0 then ports:add(listening, proto) end
end

function proto.prefs_changed() listen() end
listen()
