using System.Diagnostics;
using Berth.Build.Ignore;
using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Building;

/// <summary>
/// Fetches a repository with the host's git. What it gives is a stranger's: git runs without the host's configuration, hooks, keys and prompts, reaches
/// nothing but http, https and git addresses, and its tree is taken in as an archive is.
/// </summary>
public sealed class GitRepository
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private static readonly string[] Options =
    [
        "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null", "-c", "core.protectNTFS=true", "-c", "credential.helper=", "-c", "gc.auto=0",
        "-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60", "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main",
    ];

    private readonly GitAddress _address;
    private readonly string _tree;

    private GitRepository(GitAddress address, string tree) => (_address, _tree) = (address, tree);

    /// <summary>Brings what a repository has at a reference into a directory, without git's own files.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="scratch">An empty directory that nobody else uses.</param>
    /// <param name="target">Where the files go.</param>
    /// <param name="limits">Bounds on the tree.</param>
    /// <param name="cancellation">Ends git.</param>
    /// <exception cref="ImageException">It cannot be reached, has no such reference or directory, or git is not installed.</exception>
    public static async Task CheckOutAsync(GitAddress address, string scratch, BuildContext target, ArchiveLimits limits, CancellationToken cancellation)
    {
        var repository = new GitRepository(address, scratch);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await repository.CheckOutAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ImageException(ImageErrorCode.Unavailable, $"{repository.Name}: git did not end within {Patience.TotalMinutes} minutes");
        }
        using FileDescriptor root = repository.OpenDirectory();
        var ignores = IgnoreFile.Of([".git", "**/.git"], "git");
        await TarPipe.RunAsync(
            async output =>
            {
                var writer = new TarWriter(output);
                await new TreeArchiver(writer, isUpper: false) { Ignores = ignores }.WriteContentAsync(root, "", cancellation);
                await writer.CompleteAsync(cancellation);
            },
            input => target.ReceiveAsync(input, limits, cancellation));
    }

    private string Name => Shown(_address.Address);

    // An address may carry a password.
    private string Shown(string text)
    {
        string secret = new Uri(_address.Address).UserInfo;
        return Berth.Build.Shown.Text(secret.Length == 0 ? text : text.Replace(secret, "***", StringComparison.Ordinal).Replace(Uri.UnescapeDataString(secret), "***", StringComparison.Ordinal));
    }

    private async Task CheckOutAsync(CancellationToken cancellation)
    {
        await RequireAsync(["init", "-q", "."], cancellation);
        string commit = (await RunAsync(["fetch", "-q", "--no-tags", "--depth", "1", "--", _address.Address, _address.Reference], cancellation)).ExitCode == 0
            ? "FETCH_HEAD"
            : await FetchAllAsync(cancellation);
        await RequireAsync(["checkout", "-q", "--detach", "-f", commit], cancellation);
        if (File.Exists(Path.Combine(_tree, ".gitmodules")))
            await RequireAsync(["submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1"], cancellation);
    }

    // Not every server gives a single commit by any name.
    private async Task<string> FetchAllAsync(CancellationToken cancellation)
    {
        await RequireAsync(["fetch", "-q", "--", _address.Address, "HEAD", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"], cancellation);
        if (_address.Reference == "HEAD")
            return "FETCH_HEAD";
        foreach (string name in (string[])[$"refs/remotes/origin/{_address.Reference}", $"refs/tags/{_address.Reference}", _address.Reference])
        {
            (int exitCode, string output, _) = await RunAsync(["rev-parse", "-q", "--verify", name + "^{commit}"], cancellation);
            if (exitCode == 0)
                return output.Trim();
        }
        throw new ImageException(ImageErrorCode.NotFound, $"{Name} has no branch, tag or commit {Berth.Build.Shown.Text(_address.Reference)}");
    }

    private FileDescriptor OpenDirectory()
    {
        using FileDescriptor tree = Libc.Open(_tree, Libc.O_RDONLY | Libc.O_DIRECTORY);
        return PathWalker.TryOpenInRoot(tree, "/" + _address.Directory, Libc.O_RDONLY | Libc.O_DIRECTORY, out _)
            ?? throw new ImageException(ImageErrorCode.NotFound, $"{Name} has no directory {Berth.Build.Shown.Text(_address.Directory)}");
    }

    private async Task RequireAsync(string[] arguments, CancellationToken cancellation)
    {
        (int exitCode, _, string error) = await RunAsync(arguments, cancellation);
        if (exitCode == 0)
            return;
        bool full = error.Contains("No space left", StringComparison.Ordinal);
        throw new ImageException(full ? ImageErrorCode.NoSpace : ImageErrorCode.Unavailable,
            $"{Name} cannot be fetched: git {arguments[0]}: {Shown(error.Trim().ReplaceLineEndings("; "))}");
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        ProcessStartInfo start = ConfinedProgram.Prepare("git", "git", "to build from a repository", [.. Options, .. arguments], asNobody: false);
        start.WorkingDirectory = _tree;
        start.Environment["HOME"] = _tree;
        start.Environment["GIT_DIR"] = Path.Combine(_tree, ".git");
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_ALLOW_PROTOCOL"] = "http:https:git";
        foreach (string proxy in (string[])["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"])
        {
            if (Environment.GetEnvironmentVariable(proxy) is { Length: > 0 } value)
                start.Environment[proxy] = value;
        }
        using Process process = ConfinedProgram.Start(start);
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None); // its directory is removed next
            }
        }
    }
}
