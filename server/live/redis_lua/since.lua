-- What came after an offset of an epoch, oldest first, or nothing at all when a part of it is no longer kept.
local known_epoch, after, most = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if known_epoch ~= epoch or after > top or top - after > most then
  return {epoch, top, false}
end
if after == top then
  return {epoch, top, {}}
end
local entries = redis.call('XRANGE', stream, string.format('%.0f-0', after + 1), '+')
if #entries ~= top - after then
  return {epoch, top, false}
end
local events = {}
for i, entry in ipairs(entries) do
  events[i] = entry[2][2]
end
return {epoch, top, events}
