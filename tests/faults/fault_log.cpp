#include "tests/faults/fault_log.hpp"

#include "tests/faults/inject.hpp"
#include "tests/support/programs.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace echotrio::test {

FaultLog::FaultLog(std::string rule)
    : rule_(std::move(rule)),
      file_((std::filesystem::temp_directory_path() / "echotrio_faults_XXXXXX").string()) {
    ::close(::mkstemp(file_.data()));
}

FaultLog::~FaultLog() {
    std::filesystem::remove(file_);
}

loadgen::Child::Environment FaultLog::environment() const {
    return {{"LD_PRELOAD", program("libechotrio_faults.so")},
            {"ECHOTRIO_FAULTS", rule_},
            {"ECHOTRIO_FAULTS_LOG", file_}};
}

unsigned long FaultLog::faults() const {
    std::array<unsigned long, faults::kCalls> counts{};
    std::ifstream(file_, std::ios::binary)
        .read(reinterpret_cast<char*>(counts.data()), sizeof counts);
    return counts[faults::call_named(rule_.substr(0, rule_.find('=')))];
}

}  // namespace echotrio::test
