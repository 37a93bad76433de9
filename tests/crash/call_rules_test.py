"""Goal: the campaign would notice. Method: made-up logs of calls, each with one broken promise, and one without."""

import unittest

from call_rules import check_calls


def calls(*lines):
    """Each "TIME EVENT ACTIVITY SERVICE VERSION ACTIVE…"."""
    return [line.split() for line in lines]


class CallRules(unittest.TestCase):
    def assert_found(self, text, log, crashes=()):
        found = list(check_calls(log, crashes))
        self.assertTrue(any(text in line for line in found), found)

    def test_a_good_log_has_no_findings(self):
        log = calls("1 begin deactivate web 1 web api data", "2 done deactivate web 1 api data",
                    "3 begin activate web 1 api data", "4 done activate web 1 web api data")
        self.assertEqual(list(check_calls(log, [])), [])

    def test_twice_needs_a_crash_between(self):
        log = calls("1 begin activate data 1", "2 done activate data 1 data", "5 begin activate data 1 data")
        self.assert_found("called twice", log)
        self.assert_found("called twice", log, crashes=[6])
        self.assertEqual(list(check_calls(log, [3])), [])

    def test_lock_and_unlock_take_turns(self):
        log = calls("1 begin lock data 1", "2 done lock data 1", "3 begin unlock data 1", "4 done unlock data 1")
        again = calls("5 begin lock data 1", "6 done lock data 1")
        self.assertEqual(list(check_calls(log + again, [])), [])
        self.assert_found("called twice", log + calls("7 begin unlock data 1"))

    def test_one_activity_a_component_at_a_time(self):
        log = calls("1 begin activate data 1", "2 begin deactivate data 1")
        self.assert_found("began while", log)

    def test_dependencies_first_and_dependents_down_first(self):
        self.assert_found("activate api without data", calls("1 begin activate api 1"))
        self.assert_found("deactivate api under web", calls("1 begin deactivate api 1 web api data"))


if __name__ == "__main__":
    unittest.main()
