;;; tandem-check.el --- Cases and waiting for the scripts that drive Emacs -*- lexical-binding: t -*-

;;; Commentary:
;; Run in batch mode by tests/editors/emacs.lua, after the init file that `tandem setup emacs' wrote.

;;; Code:

(require 'cl-lib)

(defvar check-patience (/ (string-to-number (or (getenv "EDITOR_TEST_PATIENCE_MS") "30000")) 1000)
  "Seconds that anything may take on a busy machine.")

(defvar check-failed 0)

(defconst check-typed "self.audit.rec"
  "A line that stands four times in orders.py, cut where the suggestion is to begin.")
(defconst check-rest "ord(self.order_id, self.customer, self.status)")

(defmacro check-case (name &rest body)
  "Run BODY as the case NAME; an error in it is its failure."
  (declare (indent 1))
  `(condition-case problem
       (progn ,@body (princ (format "ok %s\n" ,name)))
     (error (cl-incf check-failed)
            (princ (format "FAILED %s\n    %s\n" ,name (error-message-string problem))))))

(defun check-wait (what probe &optional describe)
  "Wait for PROBE to return something true and return that; WHAT and DESCRIBE say what was missed."
  (let ((end (time-add nil check-patience)) value)
    (while (and (not (setq value (funcall probe))) (time-less-p nil end))
      (accept-process-output nil 0.02))
    (or value (error "waited in vain for %s; now: %S" what (and describe (funcall describe))))))

(defun check-equal (expected actual what)
  "Fail unless EXPECTED and ACTUAL are the same; WHAT says of what."
  (unless (equal expected actual)
    (error "%s: expected %S, got %S" what expected actual)))

(defun check-new-line (text)
  "Go below the last line and insert TEXT as a method's line."
  (goto-char (point-max))
  (insert "        " text))

(defun check-line ()
  "The line around point."
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun check-choose (&rest titles)
  "From now on choose the first of TITLES that begins a choice, wherever the user is asked; note the questions."
  (setq check-asked nil)
  (let ((choose (lambda (prompt collection &rest _)
                  (push prompt check-asked)
                  (let ((all (all-completions "" collection)))
                    (or (cl-loop for title in titles
                                 thereis (cl-find-if (lambda (one) (string-prefix-p title one)) all))
                        (error "nothing to choose of %S for %s" all prompt))))))
    (advice-add 'completing-read :override choose '((name . check)))))

(defvar check-asked nil "The questions that were asked, the last one first.")

(defun check-answer ()
  "The text of the answer's buffer, as far as it has come."
  (or (cl-loop for buffer in (buffer-list)
               thereis (and (string-match-p "/answers/" (or (buffer-file-name buffer) ""))
                            (with-current-buffer buffer (buffer-substring-no-properties (point-min) (point-max)))))
      ""))

(defun check-whole-answer ()
  "Wait until an answer has come; fail unless it grew and is what the provider's double says."
  (let (lengths)
    (check-wait "the footer"
                (lambda ()
                  (let ((text (check-answer)))
                    (unless (equal (length text) (car lengths)) (push (length text) lengths))
                    (string-search "Answered by" text)))
                (lambda () (list check-asked (check-answer))))
    (unless (> (length lengths) 2) (error "it came in one piece: %S" lengths))
    (dolist (expected '("jobs.py:7" "not found and marked" "$0." "`jobs.py`"))
      (unless (string-search expected (check-answer)) (error "no %s in %s" expected (check-answer))))))

(defun check-finish ()
  "End Emacs; its exit status says whether every case passed."
  (kill-emacs (if (zerop check-failed) 0 1)))

(provide 'tandem-check)
;;; tandem-check.el ends here
