--- Text of others on a line of ours. Names of files, notes and terms may hold line breaks and other signs that no line
--- of a buffer may have.
local M = {}

--- @param text any
--- @return string # one line, of as many bytes
function M.line(text)
  return (tostring(text):gsub('%c', ' '))
end

return M
