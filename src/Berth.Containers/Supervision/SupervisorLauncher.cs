using System.Net.Sockets;
using System.Text;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>Starts the supervisor when it is not running, detached from the process that asks.</summary>
public static class SupervisorLauncher
{
    private const string BinaryName = "berth-supervisor";
    private static readonly List<int> s_started = [];

    /// <summary>Returns once the supervisor behind <paramref name="paths"/> answers; starts <paramref name="binary"/> (beside the current one by default) if needed.</summary>
    /// <exception cref="SupervisorException">It cannot be started; the message carries what it said.</exception>
    public static async Task EnsureRunningAsync(SupervisorPaths paths, string? binary = null, CancellationToken cancellationToken = default)
    {
        if (await AnswersAsync(paths, cancellationToken))
            return;
        binary ??= Path.Combine(AppContext.BaseDirectory, BinaryName);
        if (!File.Exists(binary))
            throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} is missing: build or install Berth completely");

        string answer = await Task.Run(() => Spawn(paths, binary), cancellationToken);
        if (answer == "ready" || await AnswersAsync(paths, cancellationToken)) // another launcher may have been faster
            return;
        throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} did not start: {(answer.Length > 0 ? answer : $"see {paths.Log}")}");
    }

    /// <summary>Starts the binary in a session of its own and returns the first line it says: "ready" or what went wrong.</summary>
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
