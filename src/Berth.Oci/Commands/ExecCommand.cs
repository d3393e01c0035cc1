using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>exec</c>: one more process in a running container.</summary>
internal static class ExecCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["tty|t", "detach|d", "no-new-privs", "ignore-paused"],
            ["process|p", "pid-file", "console-socket", "cwd", "user|u", "env|e", "cap|c", "additional-gids|g", "preserve-fds", "cgroup", "apparmor", "process-label"]);
        foreach (string name in (string[])["cgroup", "apparmor", "process-label"])
        {
            if (!string.IsNullOrEmpty(given.Value(name))) throw new OciException($"exec --{name}: is not supported; leave it out");
        }
        if (given.Words.Count == 0) throw new OciException("exec takes a container id and a command, or --process");
        StoredContainer container = session.Store.Get(given.Words[0]);
        ContainerStatus status = container.Status(session.Cgroups);
        if (status is not (ContainerStatus.Running or ContainerStatus.Created)) throw new OciException($"container {container.Id} is {status.ToString().ToLowerInvariant()}: nothing can run in it");
        RuntimeSpec spec = container.LoadSpec();
        ProcessSpec process = Process(given, spec);
        string? consoleSocket = given.Value("console-socket");
        ConsoleSocket.Check(process.Terminal, consoleSocket);
        using FileDescriptor first = container.OpenProcess();
        using StartedProcess started = ContainerRuntime.Exec(new ExecConfig
        {
            ContainerPid = container.Record!.Pid,
            ContainerPidFd = first,
            Process = process,
            Seccomp = spec.Linux?.Seccomp,
            Cgroup = session.Cgroups.Open(container.Record.Cgroup),
        }, ForegroundProcess.Stdio);
        foreach (string warning in started.Warnings) session.Log.Warning(warning);
        if (consoleSocket is not null) ConsoleSocket.Send(consoleSocket, started.Console!);
        if (given.Value("pid-file") is { } file) ContainerCreation.WritePid(file, started.Pid);
        return given.Has("detach") ? 0 : ForegroundProcess.Wait(started.PidFd);
    }

    private static ProcessSpec Process(Arguments given, RuntimeSpec spec)
    {
        if (given.Value("process") is { } file)
        {
            if (new FileInfo(file).Length > SpecJson.MaxBytes) throw new OciException($"--process {file}: is larger than {SpecJson.MaxBytes} bytes");
            return SpecJson.ReadProcess(File.ReadAllBytes(file));
        }
        if (given.Words.Count < 2) throw new OciException("exec: give a command, or --process FILE");
        ProcessSpec own = spec.Process!;
        IReadOnlyList<string> added = given.Values("cap");
        CapabilitiesSpec? capabilities = added.Count == 0 ? own.Capabilities : new CapabilitiesSpec
        {
            Bounding = [.. own.Capabilities?.Bounding ?? [], .. added],
            Effective = [.. own.Capabilities?.Effective ?? [], .. added],
            Permitted = [.. own.Capabilities?.Permitted ?? [], .. added],
            Inheritable = own.Capabilities?.Inheritable ?? [],
            Ambient = own.Capabilities?.Ambient ?? [],
        };
        ProcessSpec process = own with
        {
            Args = [.. given.Words.Skip(1)],
            Env = [.. own.Env, .. given.Values("env")],
            Cwd = given.Value("cwd") ?? own.Cwd,
            Terminal = given.Has("tty"),
            NoNewPrivileges = own.NoNewPrivileges || given.Has("no-new-privs"),
            User = User(given, own.User),
            Capabilities = capabilities,
        };
        SpecValidator.ThrowIfInvalid(process);
        return process;
    }

    private static UserSpec User(Arguments given, UserSpec own)
    {
        UserSpec user = own;
        if (given.Value("user") is { } text)
        {
            string[] parts = text.Split(':');
            if (parts.Length > 2 || !uint.TryParse(parts[0], out uint uid)) throw new OciException($"--user {text}: write UID or UID:GID");
            uint gid = own.Gid;
            if (parts.Length == 2 && !uint.TryParse(parts[1], out gid)) throw new OciException($"--user {text}: write UID or UID:GID");
            user = user with { Uid = uid, Gid = gid };
        }
        if (given.Values("additional-gids") is { Count: > 0 } gids)
            user = user with { AdditionalGids = [.. gids.Select(static g => uint.TryParse(g, out uint gid) ? gid : throw new OciException($"--additional-gids {g}: is no number"))] };
        return user;
    }
}
