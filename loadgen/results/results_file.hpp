// results.json, the one file that everything else is rendered from, and the journal of an
// experiment under way (a line per trial), from which an interrupted one continues.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/experiment.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

nlohmann::ordered_json experiment_to_json(const Experiment& experiment);

// One line; bytes that are not UTF-8 (a host's name may hold any) are replaced.
std::string to_text(const nlohmann::ordered_json& json);
// The same on many lines, for people.
std::string to_indented_text(const nlohmann::ordered_json& json);

// Error: what is missing or wrong; a schema newer than ours is named as such. "comparisons" follow
// from the trials, so they are not read.
Result<Experiment> experiment_from_json(const nlohmann::ordered_json& json);

// The same from the text of a results.json, or of what `run --json` wrote.
Result<Experiment> experiment_from_text(std::string_view text);

// A results.json, a folder with one, or what `run --json` wrote (an experiment of one trial).
// Error: names the file and what to do.
Result<Experiment> read_experiment(const std::string& path);

// A whole file. Error: it can't be read, or is larger than 512 MiB.
Result<std::string> read_result_file(const std::string& path);

// The journal: DIR/trials.jsonl. Its first line is the experiment without trials.
class Journal {
  public:
    // Creates the folder where it is missing. Error: it can't be written, or a journal or a
    // results.json is there already.
    static Result<Journal> create(const std::string& dir, const Experiment& experiment);
    // Reads what is there (a half-written last line is dropped) and goes on behind it.
    static Result<Journal> resume(const std::string& dir, Experiment& experiment);

    // Flushed to the disk before it returns. Error: a full disk.
    Status append(const Trial& trial);
    // The results are written: the journal has done its work.
    void remove();

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using File = std::unique_ptr<std::FILE, Close>;
    Journal(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
    Status append_line(const nlohmann::ordered_json& line);

    std::string path_;
    File file_;
};

}  // namespace echotrio::loadgen
