--- What of a suggestion is inserted: the part that is not typed yet, its next word, its next line. Pure.
local M = {}

--- What is left of `text` when `typed` stands between its place and the cursor already; nil where something else was
--- typed.
--- @param text string
--- @param typed string
--- @return string?
function M.rest(text, typed)
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- The next word with the blanks and line breaks before it. What is a letter of a word says 'iskeyword' of the current
--- buffer; signs that stand together are a word, too.
--- @param text string
--- @return string
function M.word(text)
  local word = vim.fn.matchstr(text, '^\\_s*\\%(\\k\\+\\|\\%(\\k\\@![^ \\t\\r\\n]\\)\\+\\)')
  return word ~= '' and word or text
end

--- The rest of the line; at its end the whole next one with the line break before it.
--- @param text string
--- @return string
function M.line(text)
  local start = vim.startswith(text, '\n') and 2 or 1
  local stop = text:find('\n', start, true)
  return stop and text:sub(1, stop - 1) or text
end

--- @param text string
--- @param part 'all'|'word'|'line'
--- @return string
function M.part(text, part)
  return part == 'all' and text or M[part](text)
end

return M
