-- Extends leases, each only if it is still its owner's, and never brings one back.
-- KEYS  for each lock: lock, fence
-- ARGV  for each lock: owner, ttl in ms
-- Returns for each lock: 1 extended, 0 gone, -1 somebody else's, or given back and kept for a while yet ('OWNER later …')
local reply = {}
for i = 1, #KEYS / 2 do
    local lock = KEYS[2 * i - 1]
    local value = redis.pcall('GET', lock)
    local is_kept = type(value) == 'string' and string.sub(value, 33, 39) == ' later '
    if type(value) == 'string' and string.sub(value, 1, 32) == ARGV[2 * i - 1] and not is_kept then
        redis.call('PEXPIRE', lock, ARGV[2 * i])
        redis.call('PEXPIRE', KEYS[2 * i], '3600000')
        -- Reading it once more makes the server tell us of the next change, on connections that have asked for that.
        redis.call('GET', lock)
        reply[i] = 1
    elseif value then
        if type(value) == 'table' and string.sub(value.err, 1, 9) ~= 'WRONGTYPE' then
            return value
        end
        reply[i] = -1
    else
        reply[i] = 0
    end
end
return reply
