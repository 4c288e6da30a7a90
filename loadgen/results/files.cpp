#include "loadgen/results/files.hpp"

#include "common/base/units.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

Error cannot(const char* what, const std::string& path, int error) {
    return Error{fmt::format("cannot {} {}: {}", what, path, std::strerror(error))};
}

// What the name stands for, links followed; empty: there is nothing.
std::optional<struct stat> what_is(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return found;
}

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

// All pieces; 0 or an errno.
int put_all(std::FILE* file, const Produce& produce) {
    int error = 0;
    produce([&](std::string_view text) {
        if (error != 0 || std::fwrite(text.data(), 1, text.size(), file) == text.size()) return;
        error = errno;
    });
    return error;
}

// The rest of writing a file; 0 or an errno.
int finish(File file, const Produce& produce, bool sync) {
    int error = put_all(file.get(), produce);
    if (error != 0) return error;
    if (std::fflush(file.get()) != 0 || (sync && ::fsync(::fileno(file.get())) != 0)) {
        error = errno;
    }
    if (std::fclose(file.release()) != 0 && error == 0) error = errno;
    return error;
}

// Into what is there, from its beginning.
int write_in_place(const std::string& path, const Produce& text) {
    File file(std::fopen(path.c_str(), "we"));
    return file ? finish(std::move(file), text, false) : errno;
}

// Where the text has to go: a link's end, which need not exist.
fs::path end_of_links(fs::path path) {
    constexpr int kMostLinks = 40;  // as the kernel follows
    std::error_code none;
    for (int i = 0; i < kMostLinks && fs::is_symlink(path, none); ++i) {
        path = path.parent_path() / fs::read_symlink(path, none);  // an absolute one replaces it
    }
    return path;
}

int replace(const std::string& path, const Produce& text, const struct stat* old) {
    const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    File file(std::fopen(temporary.c_str(), "we"));
    if (!file) return errno;
    int error = 0;
    if (old != nullptr) {
        // Another's file stays another's where that is ours to say.
        const int fd = ::fileno(file.get());
        [[maybe_unused]] const int kept = ::fchown(fd, old->st_uid, old->st_gid);
        if (::fchmod(fd, old->st_mode & 07777U) != 0) error = errno;
    }
    const int written = finish(std::move(file), text, true);
    if (error == 0) error = written;
    if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
    if (error != 0) ::unlink(temporary.c_str());
    return error;
}

// A file can't be made there, or not put in the place of one that is mounted; the one that is there
// may be writable all the same.
bool is_of_the_place(int error) {
    return error == EACCES || error == EPERM || error == EROFS || error == EBUSY ||
           error == EXDEV || error == ENAMETOOLONG;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t most) {
    const File file(std::fopen(path.c_str(), "re"));
    struct stat found {};
    if (!file || ::fstat(::fileno(file.get()), &found) != 0) return cannot("read", path, errno);
    if (S_ISDIR(found.st_mode)) return cannot("read", path, EISDIR);
    const Error too_long{fmt::format("{} is larger than {}", path, format_size(most))};
    if (S_ISREG(found.st_mode) && static_cast<std::uint64_t>(found.st_size) > most) return too_long;
    std::string text;
    std::array<char, 64 << 10> piece{};
    while (std::feof(file.get()) == 0) {
        const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get());
        if (std::ferror(file.get()) != 0) return cannot("read", path, errno);
        text.append(piece.data(), n);
        if (text.size() > most) return too_long;
    }
    return text;
}

bool is_standard_output(const std::string& path) {
    if (path == "-") return true;
    struct stat out {};
    const auto named = what_is(path);
    return named && ::fstat(STDOUT_FILENO, &out) == 0 && named->st_dev == out.st_dev &&
           named->st_ino == out.st_ino;
}

Status write_file(const std::string& path, std::string_view text) {
    return write_pieces(path, [&](const auto& put) { put(text); });
}

Status write_pieces(const std::string& path, const Produce& text) {
    if (is_standard_output(path)) {
        int wrong = put_all(stdout, text);
        if (wrong == 0 && std::fflush(stdout) != 0) wrong = errno;
        if (wrong == 0) return Done{};
        return Error{fmt::format("cannot write to standard output: {}", std::strerror(wrong))};
    }
    const auto old = what_is(path);
    int error = 0;
    if (old && !S_ISREG(old->st_mode)) {
        error = write_in_place(path, text);
    } else {
        error = replace(end_of_links(path).string(), text, old ? &*old : nullptr);
        if (old && is_of_the_place(error)) error = write_in_place(path, text);
    }
    if (error != 0) return cannot("write", path, error);
    return Done{};
}

Status write_output(const std::string& path, std::string_view text) {
    return path.empty() ? Status(Done{}) : write_file(path, text);
}

std::string unwritable(const std::string& path) {
    if (path.empty()) return "needs the name of a file, or - for standard output";
    if (is_standard_output(path)) return {};
    const auto why = [&](int error) { return cannot("write", path, error).message; };
    const auto may = [](const char* place, int mode) {
        return ::faccessat(AT_FDCWD, place, mode, AT_EACCESS) == 0;
    };
    if (const auto old = what_is(path)) {
        if (S_ISDIR(old->st_mode)) return why(EISDIR);
        return may(path.c_str(), W_OK) ? std::string() : why(errno);
    }
    if (errno != ENOENT) return why(errno);
    const fs::path folder = end_of_links(path).parent_path();
    return may(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) ? std::string() : why(errno);
}

}  // namespace echotrio::loadgen
