-- One step of policyc's counters, atomic because Redis runs it whole. docs/counters.md says what the keys hold; cells.py and
-- memory.py are the same program for one process, and the tests hold the two together.
--
-- KEYS: the counter of each reservation; then the call's record (reserve), or the receipt's marker and the call's record (refund).
-- ARGV: what to do, the time in microseconds (tests only, else empty), the number of reservations, the receipt's id, seconds to
-- keep a record; then for each reservation: kind, length, offset, amount, and its maximum (reserve) or slot and mark (refund).
local GRAINS, CHUNK, PAST, EXACT = 1000, 200, 3600, 9007199254740992
local GIVEN, WIDTH = 5, 6

local count, id, keep = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local now_us = tonumber(ARGV[2])
if not now_us then
  local time = redis.call('TIME')
  now_us = time[1] * 1000000 + time[2]
end
local now = math.floor(now_us / 1000000)
local opener = ARGV[1] == 'reserve' and id or '' -- the mark of a counter that is opened now

local function field(i, j) return ARGV[GIVEN + (i - 1) * WIDTH + j] end
local function text(number) return string.format('%.17g', number) end

-- The calendar month around a moment. Days to a date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function month(moment)
  local days = math.floor(moment / 86400)
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local of_era = shifted - era * 146097
  local year = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local from_march = math.floor((5 * of_year + 2) / 153)
  local day = of_year - math.floor((153 * from_march + 2) / 5)
  local name = from_march < 10 and from_march + 3 or from_march - 9
  local full = year + era * 400 + (name <= 2 and 1 or 0)
  local length = ({31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31})[name]
  if name == 2 and full % 4 == 0 and (full % 100 ~= 0 or full % 400 == 0) then length = 29 end
  local start = (days - day) * 86400
  return start, start + length * 86400
end

local function bounds(kind, length, offset, moment)
  if kind == 'month' then return month(moment) end
  local start = moment - (moment - offset) % length
  return start, start + length
end

-- A counter's time never goes back: behind what it has seen, it stays in its window.
local function aligned(key, kind, length, offset)
  local held = redis.call('HMGET', key, 'w', 'v', 'g')
  local window = tonumber(held[1])
  local start, stop = bounds(kind, length, offset, (window and window > now) and window or now)
  local cell = {key = key, slot = start, stop = stop, total = 0, mark = opener, own = 0, fresh = true}
  if window == start then cell.total, cell.mark, cell.fresh = tonumber(held[2]), held[3], false end
  return cell
end

-- Visits the grains that are there from `first` to `last`, in order, until `visit` returns true.
local function grains(key, first, last, visit)
  while first <= last do
    local names = {}
    for grain = first, math.min(first + CHUNK - 1, last) do names[#names + 1] = text(grain) end
    local held = redis.call('HMGET', key, unpack(names))
    for i = 1, #names do
      if held[i] and visit(first + i - 1, tonumber(held[i]), names[i]) then return end
    end
    first = first + CHUNK
  end
end

local function sliding(key, length)
  local grain = length * 1000
  local slot = math.floor(now_us / grain)
  local held = redis.call('HMGET', key, 'v', 'g', 'o', 'n')
  local newest = tonumber(held[4])
  if newest and newest > slot then slot = newest end
  local cell = {key = key, grain = grain, slot = slot, first = slot - GRAINS, length = length, total = 0, mark = opener, own = 0}
  if not newest then return cell end
  if newest < cell.first then
    redis.call('DEL', key)
    return cell
  end
  cell.total, cell.mark, cell.oldest = tonumber(held[1]), held[2], tonumber(held[3])
  if cell.oldest < cell.first then
    local gone = {}
    grains(key, cell.oldest, cell.first - 1, function(_, amount, name)
      cell.total = cell.total - amount
      gone[#gone + 1] = name
    end)
    for i = 1, #gone, CHUNK do redis.call('HDEL', key, unpack(gone, i, math.min(i + CHUNK - 1, #gone))) end
    cell.oldest = nil
    grains(key, cell.first, slot, function(number) cell.oldest = number return true end)
    if cell.oldest then
      redis.call('HSET', key, 'v', text(cell.total), 'o', text(cell.oldest))
    else
      redis.call('DEL', key)
      cell.total, cell.mark = 0, opener
    end
  end
  return cell
end

local cells = {}
local function cell_of(i)
  local key = KEYS[i]
  if not cells[key] then
    local kind, length, offset = field(i, 1), tonumber(field(i, 2)), tonumber(field(i, 3))
    if kind == 'sliding' then cells[key] = sliding(key, length) else cells[key] = aligned(key, kind, length, offset) end
  end
  return cells[key]
end

local function room_at(cell, maximum)
  if cell.own > maximum then return '' end
  if cell.stop then return text(cell.stop) end
  local total, moment = cell.total, ''
  if cell.oldest then
    grains(cell.key, cell.oldest, cell.slot, function(number, amount)
      total = total - amount
      if total <= maximum then
        moment = text((number + GRAINS + 1) * cell.grain / 1000000)
        return true
      end
    end)
  end
  return moment
end

local function count_all()
  for i = 1, count do
    local cell, amount, maximum = cell_of(i), tonumber(field(i, 4)), tonumber(field(i, 5))
    local before = cell.total
    cell.total, cell.own = before + amount, cell.own + amount
    if cell.total > maximum then return {'limit', text(i), text(maximum - before), room_at(cell, maximum)} end
    if math.abs(cell.total) > EXACT or (cell.total == before and amount ~= 0) then
      return {'uncountable', text(i), text(maximum - before), ''}
    end
  end
  local answer = {'admitted', id}
  for i = 1, count do
    local cell, amount = cell_of(i), tonumber(field(i, 4))
    local slot = cell.slot
    if cell.stop then
      redis.call('HSET', cell.key, 'w', text(slot), 'v', text(cell.total), 'g', cell.mark)
      if cell.fresh then redis.call('EXPIRE', cell.key, text(cell.stop - now + PAST)) end
    else
      if amount < 0 then slot = slot - 1 end
      local held = tonumber(redis.call('HGET', cell.key, text(slot)) or 0)
      cell.oldest = math.min(cell.oldest or slot, slot)
      redis.call('HSET', cell.key, text(slot), text(held + amount), 'v', text(cell.total), 'g', cell.mark,
        'o', text(cell.oldest), 'n', text(cell.slot))
      redis.call('EXPIRE', cell.key, cell.length + PAST)
    end
    answer[#answer + 1] = text(slot)
    answer[#answer + 1] = cell.mark
  end
  return answer
end

local function reserve()
  local record = KEYS[count + 1]
  if not record then return {'', unpack(count_all())} end
  local kept = redis.call('HMGET', record, 'a', 'u')
  if kept[1] and now_us < tonumber(kept[2]) then
    redis.call('HINCRBY', record, 'n', 1)
    return {'again', unpack(cjson.decode(kept[1]))}
  end
  local answer = count_all()
  local stands = keep * 1000000
  if answer[1] == 'limit' and answer[4] ~= '' then stands = math.min(stands, tonumber(answer[4]) * 1000000 - now_us) end
  redis.call('DEL', record)
  redis.call('HSET', record, 'a', cjson.encode(answer), 'u', text(now_us + stands), 'n', '1', 'r', id)
  redis.call('EXPIRE', record, keep)
  return {'', unpack(answer)}
end

local function refund()
  local marker, record = KEYS[count + 1], KEYS[count + 2]
  if redis.call('EXISTS', marker) == 1 then return {'refunded'} end
  if record then
    local kept = redis.call('HMGET', record, 'r', 'n', 'u')
    if kept[1] ~= id or now_us >= tonumber(kept[3]) then return {'unknown'} end
    if kept[2] ~= '1' then return {'retried'} end
    redis.call('DEL', record)
  end
  local given, lasts = 0, 0
  for i = 1, count do
    local cell, amount, slot, mark = cell_of(i), tonumber(field(i, 4)), tonumber(field(i, 5)), field(i, 6)
    lasts = math.max(lasts, tonumber(field(i, 2)))
    if cell.mark == mark and cell.stop then -- each window has a mark of its own
      cell.total, given = cell.total - amount, given + 1
      redis.call('HSET', cell.key, 'v', text(cell.total))
    elseif cell.mark == mark and not cell.stop then
      local held = redis.call('HGET', cell.key, text(slot))
      if held then
        cell.total, given = cell.total - amount, given + 1
        redis.call('HSET', cell.key, text(slot), text(tonumber(held) - amount), 'v', text(cell.total))
      end
    end
  end
  redis.call('SET', marker, '1', 'EX', text(2 * lasts + PAST))
  return {'given', text(given)}
end

local function read()
  local cell = cell_of(1)
  if cell.stop then return {text(cell.total), text(cell.slot), text(cell.stop)} end
  return {text(cell.total), text(cell.first * cell.grain / 1000000), ''}
end

if ARGV[1] == 'reserve' then return reserve() end
if ARGV[1] == 'refund' then return refund() end
return read()
