using System.Diagnostics;
using Berth.Containers.Cgroups;

namespace Berth.Engine.Instances;

/// <summary>Lists an instance's processes through the host's ps(1), restricted to them.</summary>
internal sealed class InstanceProcesses(EngineContext context)
{
    public async Task<TopResult> ListAsync(Instance instance, string? arguments, CancellationToken cancellationToken)
    {
        if (!instance.State.IsRunning)
            throw EngineException.Conflict($"Container {instance.Id} is not running");
        string[] psArguments = string.IsNullOrWhiteSpace(arguments) ? ["-ef"] : arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        HashSet<int> pids;
        try
        {
            pids = [.. context.Cgroups.Open(context.CgroupPath(instance.Definition)).Pids()];
        }
        catch (CgroupException e)
        {
            throw new EngineException(EngineErrorKind.Conflict, $"Container {instance.Id} is not running", e);
        }
        (IReadOnlyList<string> lines, string errors, int code) = await RunAsync(psArguments, cancellationToken);
        if (code != 0 || lines.Count == 0)
            throw EngineException.Invalid($"ps_args: ps: {(errors.Length > 0 ? errors.Trim() : "no output")}");
        return Parse(lines, pids);
    }

    internal static TopResult Parse(IReadOnlyList<string> lines, IReadOnlySet<int> pids)
    {
        string[] titles = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int column = Array.IndexOf(titles, "PID");
        if (column < 0)
            throw EngineException.Invalid("ps_args: Couldn't find PID field in ps output: choose columns that have it");
        var processes = new List<IReadOnlyList<string>>();
        foreach (string line in lines.Skip(1))
        {
            // The last column, the command, holds blanks of its own.
            string[] fields = line.Split(' ', titles.Length, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length > column && int.TryParse(fields[column], out int pid) && pids.Contains(pid))
                processes.Add(fields);
        }
        return new TopResult { Titles = titles, Processes = processes };
    }

    private static async Task<(IReadOnlyList<string> Lines, string Errors, int Code)> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            using Process ps = Process.Start(new ProcessStartInfo("ps", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            Task<string> errors = ps.StandardError.ReadToEndAsync(cancellationToken);
            string output = await ps.StandardOutput.ReadToEndAsync(cancellationToken);
            await ps.WaitForExitAsync(cancellationToken);
            return (output.Split('\n', StringSplitOptions.RemoveEmptyEntries), await errors, ps.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EngineException(EngineErrorKind.System, $"ps(1) cannot be run: {e.Message}: install the package procps", e);
        }
    }
}
