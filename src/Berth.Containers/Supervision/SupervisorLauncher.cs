using System.Diagnostics;
using System.Net.Sockets;

namespace Berth.Containers.Supervision;

/// <summary>Starts the supervisor when it is not running, detached from the process that asks.</summary>
public static class SupervisorLauncher
{
    private const string BinaryName = "berth-supervisor";

    /// <summary>Returns once the supervisor behind <paramref name="paths"/> answers; starts <paramref name="binary"/> (beside the current one by default) if needed.</summary>
    /// <exception cref="SupervisorException">It cannot be started; the message carries what it said.</exception>
    public static async Task EnsureRunningAsync(SupervisorPaths paths, string? binary = null, CancellationToken cancellationToken = default)
    {
        if (await AnswersAsync(paths, cancellationToken))
            return;
        binary ??= Path.Combine(AppContext.BaseDirectory, BinaryName);
        if (!File.Exists(binary))
            throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} is missing: build or install Berth completely");

        // The child keeps these pipes only until it is ready; then it leaves the session and holds nothing of ours.
        ProcessStartInfo start = new(binary, ["--run-root", paths.RunRoot, "--data-root", paths.DataRoot, "--ready-on-stdout"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        string? line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        if (line == "ready" || await AnswersAsync(paths, cancellationToken)) // another launcher may have been faster
            return;
        throw new SupervisorException(SupervisorErrorKind.Unavailable, $"{binary} did not start: {(await errors).Trim()}");
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
