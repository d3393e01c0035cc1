using System.Text.Json;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Hooks;

/// <summary>Runs hooks one after the other with the container's state on their standard input. [OCI-RT] config.md, POSIX-platform Hooks.</summary>
internal static class HookRunner
{
    /// <summary>Runs them on the host.</summary>
    /// <exception cref="OciException">One could not be run, failed, or took too long.</exception>
    public static void Run(string kind, IReadOnlyList<HookSpec> hooks, StateReport state)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            HookSpec hook = hooks[i];
            Run($"hooks.{kind}[{i}] {hook.Path}", hook, state, input =>
            {
                using FileDescriptor errors = Libc.Duplicate(ForegroundProcess.Stdio.Stderr!);
                int pid = Libc.SpawnSession(hook.Path, Arguments(hook), hook.Env, input, errors, errors);
                return Libc.OpenProcess(pid); // a child that is not waited for: the number is its own
            });
        }
    }

    /// <summary>Runs each of them on the host; a failure is only told, since the life cycle goes on. [OCI-RT] runtime.md, Lifecycle.</summary>
    public static void RunAll(string kind, IReadOnlyList<HookSpec> hooks, StateReport state, Log log)
    {
        foreach (HookSpec hook in hooks)
        {
            try
            {
                Run(kind, [hook], state);
            }
            catch (OciException e)
            {
                log.Warning(e.Message);
            }
        }
    }

    /// <summary>Runs them inside a container, beside its waiting process.</summary>
    /// <exception cref="OciException">As for <see cref="Run(string, IReadOnlyList{HookSpec}, StateReport)"/>.</exception>
    public static void RunInside(string kind, IReadOnlyList<HookSpec> hooks, StateReport state, Func<ProcessSpec, ProcessStdio, StartedProcess> start)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            HookSpec hook = hooks[i];
            Run($"hooks.{kind}[{i}] {hook.Path}", hook, state, input =>
            {
                ProcessSpec process = new() { Args = [hook.Path, .. Arguments(hook).Skip(1)], Env = hook.Env, Cwd = "/" };
                StartedProcess started = start(process, new ProcessStdio(input, ForegroundProcess.Stdio.Stderr, ForegroundProcess.Stdio.Stderr));
                return started.PidFd;
            });
        }
    }

    private static IReadOnlyList<string> Arguments(HookSpec hook) => hook.Args.Count > 0 ? hook.Args : [hook.Path];

    private static void Run(string name, HookSpec hook, StateReport state, Func<FileDescriptor, FileDescriptor> start)
    {
        // A file, not a pipe: a hook that does not read cannot hold this process up.
        using FileDescriptor input = Libc.MemoryFile("berth-hook", 0);
        Libc.WriteAll(input, JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.StateReport));
        Libc.Seek(input, 0, Libc.SEEK_SET);
        FileDescriptor process;
        try
        {
            process = start(input);
        }
        catch (Exception e) when (e is LinuxException or ContainerStartException)
        {
            throw new OciException($"{name}: {e.Message}", e);
        }
        using (process)
        {
            Libc.pollfd[] ended = [new() { fd = process.Number, events = Libc.POLLIN }];
            int limit = hook.Timeout is { } seconds ? (int)Math.Min(seconds * 1000L, int.MaxValue) : -1;
            long until = Environment.TickCount64 + limit;
            bool inTime = Libc.Poll(ended, limit) > 0;
            while (!inTime && limit > 0 && Environment.TickCount64 < until) inTime = Libc.Poll(ended, (int)(until - Environment.TickCount64)) > 0;
            if (!inTime) Libc.SendSignal(process, Libc.SIGKILL);
            WaitResult result = Libc.Wait(process)!.Value;
            if (!inTime) throw new OciException($"{name}: ran longer than {hook.Timeout} s and was ended");
            if (result.ExitCode != 0) throw new OciException($"{name}: failed with exit code {result.ExitCode}");
        }
    }
}
