// One rule for inject.cpp, and how often it struck in all processes of the program.
#pragma once

#include "loadgen/subject/child.hpp"

#include <string>

namespace echotrio::test {

class FaultLog {
  public:
    explicit FaultLog(std::string rule);  // one, as inject.cpp describes it
    ~FaultLog();
    FaultLog(const FaultLog&) = delete;
    FaultLog& operator=(const FaultLog&) = delete;

    // For the program that is to suffer.
    loadgen::Child::Environment environment() const;
    unsigned long faults() const;

  private:
    std::string rule_;
    std::string file_;
};

}  // namespace echotrio::test
