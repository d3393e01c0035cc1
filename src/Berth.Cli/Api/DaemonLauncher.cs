using System.Collections;
using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>Starts berthd in the background and waits until it listens.</summary>
internal sealed class DaemonLauncher(BerthPaths paths)
{
    private const int DeadlineMilliseconds = 30_000;
    private const int StepMilliseconds = 10;

    private long _logStart;

    /// <summary>The daemon's executable: beside this one.</summary>
    public static string Executable => Path.Combine(AppContext.BaseDirectory, "berthd");

    /// <summary>Where the daemon's own messages go.</summary>
    public string LogFile => Path.Combine(paths.RunRoot, "berthd.log");

    /// <summary>Starts the daemon and returns the first connection to it.</summary>
    public FileDescriptor Start()
    {
        if (!File.Exists(Executable))
        {
            throw new CliException($"{Executable} is missing: berth and berthd belong in one folder", 125);
        }
        Directory.CreateDirectory(paths.RunRoot);
        if (Path.GetDirectoryName(paths.Socket) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }
        _logStart = File.Exists(LogFile) ? new FileInfo(LogFile).Length : 0;
        using var log = Libc.Open(LogFile, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0b110_000_000);
        using var nothing = Libc.Open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC);
        var pid = Libc.SpawnSession(
            Executable,
            ["berthd", "--data-root", paths.DataRoot, "--run-root", paths.RunRoot, "--host", $"unix://{paths.Socket}"],
            Environ(),
            nothing,
            log,
            log);
        return WaitUntilItListens(pid);
    }

    private FileDescriptor WaitUntilItListens(int pid)
    {
        using var process = Libc.OpenProcess(pid);
        Libc.pollfd[] ended = [new Libc.pollfd { fd = process.Number, events = Libc.POLLIN }];
        for (var waited = 0; waited < DeadlineMilliseconds; waited += StepMilliseconds)
        {
            // Sleeps until the daemon ends, or a little while: then it may listen.
            var gone = Libc.Poll(ended, StepMilliseconds) > 0;
            try
            {
                return Libc.ConnectUnix(paths.Socket);
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR)
            {
                if (gone)
                {
                    throw new CliException($"berthd ended while starting: {LastWords()}", 125);
                }
            }
        }
        throw new CliException($"berthd (pid {pid}) does not listen on {paths.Socket} after {DeadlineMilliseconds / 1000} s; see {LogFile}", 125);
    }

    // What this start said, without the stack traces of a crash.
    private string LastWords()
    {
        using FileStream log = new(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(Math.Min(_logStart, log.Length), SeekOrigin.Begin);
        using StreamReader reader = new(log);
        var lines = reader.ReadToEnd().Split('\n').Where(line => line.Trim().Length > 0 && !line.StartsWith("   at ", StringComparison.Ordinal)).TakeLast(3).ToList();
        return lines.Count == 0 ? $"it said nothing; see {LogFile}" : $"{string.Join("\n  ", lines)}\nAll of it: {LogFile}";
    }

    private static List<string> Environ()
    {
        List<string> all = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            all.Add($"{variable.Key}={variable.Value}");
        }
        return all;
    }
}
