// The one place that prints: text for people, JSON for programs, a moving screen on a terminal.
// Standard output holds what was asked for; everything said beside it goes to standard error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "planner/cli/call.h"
#include "planner/cli/progress_text.h"
#include "schema/base/error.h"

namespace eris::cli {

struct OutputOptions {
  int out_fd = 1;  // borrowed
  int error_fd = 2;
  OutputForm form = OutputForm::kText;
  enum class Screen : std::uint8_t { kPlain, kTerminal } screen = Screen::kPlain;
};

// Owned by main. Failures to write are ignored: there is nobody to tell.
class Output {
 public:
  explicit Output(OutputOptions options) : options_(options) {}

  bool json() const { return options_.form == OutputForm::kJson; }
  bool terminal() const { return options_.screen == OutputOptions::Screen::kTerminal; }

  // What was asked for; ends with a line end.
  void Print(std::string_view text);
  // What goes on meanwhile: to standard output, or beside it when that is JSON.
  void Say(std::string_view line);
  // Warnings and what is worth knowing, beside the output.
  void Note(std::string_view line);
  // "eris: what is wrong", and what to do about it.
  void Problem(const Error& error);

  // Replaces the screen shown before. Only on a terminal.
  void Show(const std::vector<std::string>& screen);
  void ClearScreen();
  ScreenSize Size() const;

 private:
  void Write(int fd, std::string_view text) const;

  OutputOptions options_;
  std::size_t shown_rows_ = 0;
};

}  // namespace eris::cli
