// Runs of `loadgen plan` on results that are made up, whose answers are known by hand.
#pragma once

#include "tests/e2e/loadgen_runs.hpp"

#include <filesystem>
#include <string>

namespace echotrio::test {

// A temporary one, with all that is in it.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    // Writes it; returns its path.
    std::string file(const std::string& name, const std::string& text) const;
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

// Results of a coroutine server (18 us of CPU a request, 4 KiB a connection) and a prefork one (25
// us, 100 kB, 256 workers) there; returns the folder's path.
std::string results(const Folder& folder);

Ran plan(Words words);
// With --json -; expects that exit status.
nlohmann::json plan_json(Words words, int status = 0);

}  // namespace echotrio::test
