; Comments and strings of Haskell; pragmas are read like comments.
(comment) @comment
(haddock) @comment
(pragma) @comment
(cpp) @comment
(string) @string
(char) @string
(quasiquote_body) @string
