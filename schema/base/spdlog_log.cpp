#include "schema/base/spdlog_log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cerrno>

#include "schema/base/system_error.h"
#include "schema/base/unique_fd.h"

namespace eris {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %n %v";

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

class SpdlogLog final : public BufferedLog {
 public:
  SpdlogLog(const LogOptions& options, spdlog::sink_ptr sink)
      : logger_(options.program, std::move(sink)) {
    logger_.set_level(LevelOf(options.level));
    logger_.flush_on(options.lines == LogOptions::Lines::kOneByOne ? spdlog::level::trace
                                                                   : spdlog::level::warn);
    logger_.set_formatter(
        std::make_unique<spdlog::pattern_formatter>(kPattern, spdlog::pattern_time_type::utc));
  }

  bool Enabled(LogLevel level) const override { return logger_.should_log(LevelOf(level)); }

  void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    logger_.log(LevelOf(level), spdlog::string_view_t(FormatLogLine(event, fields)));
  }

  void Flush() override { logger_.flush(); }

 private:
  spdlog::logger logger_;
};

// Made before spdlog opens it: spdlog would leave it readable for everybody.
Status MakePrivateFile(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot open log file " + path);
  return {};
}

}  // namespace

Result<std::unique_ptr<BufferedLog>> OpenLog(const LogOptions& options) {
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    } else {
      ERIS_TRY(MakePrivateFile(options.file));
      sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(options.file);
    }
    return std::make_unique<SpdlogLog>(options, std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    return Fail(ErrorCode::kInternal, std::string("cannot open the log: ") + error.what());
  }
}

}  // namespace eris
