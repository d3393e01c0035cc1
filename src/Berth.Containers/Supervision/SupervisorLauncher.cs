using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>Starts the supervisor when it is not running, detached from the process that asks.</summary>
public static class SupervisorLauncher
{
    private const string BinaryName = "berth-supervisor";

    /// <summary>How long one that holds the pid file may take to answer, or to be gone: it may be taking over many processes, or dying.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly List<int> s_started = [];

    /// <summary>What a supervisor that was just started says on its standard output once it answers.</summary>
    public const string Ready = "ready";

    /// <summary>What it says when another has the run root: one that serves, is about to, or is dying.</summary>
    public const string Held = "held";

    /// <summary>Returns once the supervisor behind <paramref name="paths"/> answers; starts <paramref name="binary"/> (beside the current one by default) if needed.</summary>
    /// <exception cref="SupervisorException">It cannot be started; the message carries what it said.</exception>
    public static async Task EnsureRunningAsync(SupervisorPaths paths, string? binary = null, CancellationToken cancellationToken = default)
    {
        if (await AnswersAsync(paths, cancellationToken))
            return;
        binary ??= Path.Combine(AppContext.BaseDirectory, BinaryName);
        if (!File.Exists(binary))
            throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} is missing: build or install Berth completely");

        string answer;
        long begun = Stopwatch.GetTimestamp();
        while ((answer = await Task.Run(() => Spawn(paths, binary), cancellationToken)) != Ready && !await AnswersAsync(paths, cancellationToken))
        {
            if (answer != Held || Stopwatch.GetElapsedTime(begun) > s_patience)
                throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} did not start: {Explain(answer, paths)}");
            await Task.Delay(s_pause, cancellationToken);
        }
    }

    private static string Explain(string answer, SupervisorPaths paths) => answer switch
    {
        "" => $"see {paths.Log}",
        Held => $"another holds {paths.PidFile} and does not answer, see {paths.Log}",
        _ => answer,
    };

    /// <summary>Starts the binary in a session of its own and returns the first line it says: <see cref="Ready"/>, <see cref="Held"/> or what went wrong.</summary>
    private static string Spawn(SupervisorPaths paths, string binary)
    {
        Directory.CreateDirectory(paths.RunRoot);
        (FileDescriptor read, FileDescriptor write) = Libc.Pipe();
        using (read)
        {
            using (write)
            using (FileDescriptor input = Libc.Open("/dev/null", Libc.O_RDONLY | Libc.O_CLOEXEC))
            using (FileDescriptor errors = Libc.Open(paths.Log, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x180 /* 0600 */))
            {
                int pid = Libc.SpawnSession(binary, [binary, "--run-root", paths.RunRoot, "--data-root", paths.DataRoot, "--ready-on-stdout"], Environment(), input, write, errors);
                Reap(pid);
            }
            byte[] buffer = new byte[4096];
            int length = 0;
            while (length < buffer.Length && Libc.Read(read, buffer.AsSpan(length)) is var count and > 0)
            {
                length += count;
                if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is var end and >= 0)
                    return Encoding.UTF8.GetString(buffer, 0, end);
            }
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }

    /// <summary>Supervisors started earlier and dead by now leave zombies until their starter looks.</summary>
    private static void Reap(int started)
    {
        lock (s_started)
        {
            s_started.RemoveAll(static pid => Libc.WaitPid(pid, Libc.WEXITED | Libc.WNOHANG) is not null);
            s_started.Add(started);
        }
    }

    private static List<string> Environment()
    {
        List<string> result = [];
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
            result.Add($"{variable.Key}={variable.Value}");
        return result;
    }

    private static async Task<bool> AnswersAsync(SupervisorPaths paths, CancellationToken cancellationToken)
    {
        try
        {
            using SupervisorClient client = new(paths.Socket);
            await client.PingAsync(cancellationToken);
            return true;
        }
        catch (SupervisorException e) when (e.Kind == SupervisorErrorKind.Unavailable || e.InnerException is SocketException)
        {
            return false;
        }
    }
}
