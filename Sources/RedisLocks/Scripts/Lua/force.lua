-- Takes the lock away from its holder, tells that client if it is one of ours, and hands the lock to the first waiter; with a
-- condition, only if the holder is the one that is meant.
-- KEYS  lock, fence, waiters, queue
-- ARGV  'any'; or 'owner' and the owner of the holder that is meant; or 'token' and its fencing token
-- Returns {1, or 0 if the holder is another one and has been left alone, kind, value, since when it was held}: what was there
-- @include queue.lua

-- Another program's value has neither an owner nor a token.
local function is_meant(value)
    local is_ours = channel_of(is_kept(value) and owner_of(value) .. ' dlock ' .. string.sub(value, 40) or value)
    if ARGV[1] == 'owner' then
        return is_ours and owner_of(value) == ARGV[2]
    elseif ARGV[1] == 'token' then
        return is_ours and call('GET', fence) == ARGV[2]
    end
    return true
end

local kind, value = look()
local since = held_since()
if kind ~= 'none' then
    if not is_meant(value) then
        return { 0, kind, value, since }
    end
    call('DEL', lock)
    local channel = channel_of(value)
    if channel then
        call('PUBLISH', channel, 'revoked ' .. owner_of(value))
    end
end
hand_over()
return { 1, kind, value, since }
