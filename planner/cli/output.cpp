#include "planner/cli/output.h"

#include <sys/ioctl.h>

#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

constexpr std::string_view kEraseBelow = "\x1b[J";

}  // namespace

void Output::Write(int fd, std::string_view text) const { static_cast<void>(WriteAll(fd, text)); }

void Output::Print(std::string_view text) {
  ClearScreen();
  Write(options_.out_fd, text);
}

void Output::Say(std::string_view line) {
  ClearScreen();
  Write(json() ? options_.error_fd : options_.out_fd, std::string(line) + "\n");
}

void Output::Note(std::string_view line) {
  ClearScreen();
  Write(options_.error_fd, std::string(line) + "\n");
}

void Output::Problem(const Error& error) {
  // It may quote what came from a file or from another machine.
  std::string text = "eris: " + Printable(error.message) + "\n";
  if (!error.fix.empty()) text += "      " + Printable(error.fix) + "\n";
  ClearScreen();
  Write(options_.error_fd, text);
}

void Output::Show(const std::vector<std::string>& screen) {
  std::string text;
  if (shown_rows_ > 0) text = "\x1b[" + std::to_string(shown_rows_) + "A\r";
  text += kEraseBelow;
  for (const std::string& line : screen) text += line + "\n";
  Write(options_.out_fd, text);
  shown_rows_ = screen.size();
}

void Output::ClearScreen() {
  if (shown_rows_ == 0) return;
  Write(options_.out_fd, "\x1b[" + std::to_string(shown_rows_) + "A\r" + std::string(kEraseBelow));
  shown_rows_ = 0;
}

ScreenSize Output::Size() const {
  winsize size{};
  if (::ioctl(options_.out_fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {.columns = size.ws_col, .rows = size.ws_row};
}

}  // namespace eris::cli
