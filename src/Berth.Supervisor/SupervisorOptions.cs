using System.Diagnostics.CodeAnalysis;
using Berth.Containers.Supervision;

namespace Berth.Supervisor;

/// <summary>The command line.</summary>
internal sealed record SupervisorOptions(SupervisorPaths Paths, bool ReadyOnStdout)
{
    public static bool TryParse(string[] args, [NotNullWhen(true)] out SupervisorOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        error = null;
        string run = Environment.GetEnvironmentVariable("BERTH_RUN_ROOT") is { Length: > 0 } r ? r : "/run/berth";
        string data = Environment.GetEnvironmentVariable("BERTH_DATA_ROOT") is { Length: > 0 } d ? d : "/var/lib/berth";
        bool ready = false;
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--ready-on-stdout")
                ready = true;
            else if (args[i] is "--run-root" or "--data-root" && i + 1 < args.Length)
                _ = args[i] == "--run-root" ? run = args[++i] : data = args[++i];
            else
                error = $"{args[i]}: unknown, or its value is missing";
        }
        if (!Path.IsPathRooted(run) || !Path.IsPathRooted(data))
            error ??= "--run-root and --data-root must be absolute paths";
        if (error is null)
            options = new SupervisorOptions(new SupervisorPaths(run, data), ready);
        return error is null;
    }
}
