using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Commands;
using Berth.Cli.Compose;
using Berth.Cli.Http;
using Berth.Cli.Output;
using Berth.Linux;

namespace Berth.Cli.Completion;

/// <summary>Finds what the last word of a command line may become. Never starts the daemon, never fails.</summary>
internal sealed class Candidates(CommandContext context)
{
    private static readonly string[] s_signals =
        ["SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGSTOP", "SIGCONT", "SIGWINCH"];

    private static readonly string[] s_capabilities =
    [
        "ALL", "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH",
        "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
        "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
    ];

    private ComposeVerb? _compose;

    /// <summary>Candidates for the last of <paramref name="words"/> (without <c>berth</c> itself), sorted.</summary>
    public IReadOnlyList<string> For(string[] words)
    {
        var last = words.Length == 0 ? "" : words[^1];
        return [.. All(words).Where(word => word.StartsWith(last, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
    }

    private IEnumerable<string> All(string[] words)
    {
        var last = words.Length == 0 ? "" : words[^1];
        var before = words.AsSpan(0, Math.Max(0, words.Length - 1));
        GlobalFlags globals = new();
        var at = SkipFlags(globals.All, before, out var pendingGlobal);
        if (pendingGlobal is not null)
        {
            return [];
        }
        before = before[at..];
        if (before.IsEmpty)
        {
            return last.StartsWith('-') ? Names(globals.All) : VerbTable.Children("");
        }
        var verb = VerbFactory.Find(before, out var used);
        if (verb is null)
        {
            return used == 1 && before.Length == 1 ? VerbTable.Children(before[0]) : [];
        }
        var rest = before[used..];
        if (verb is ComposeVerb compose)
        {
            at = SkipFlags(compose.Flags, rest, out var waiting);
            if (waiting is not null)
            {
                return From(waiting.Completes);
            }
            if (at == rest.Length)
            {
                return last.StartsWith('-') ? Names(compose.Flags) : ComposeVerbs.All.Select(entry => entry.Path);
            }
            FlagParser.Parse(compose.Flags, rest[..at], stopAtFirstArgument: false);
            if (compose.Find(rest[at]) is not { } inner)
            {
                return [];
            }
            (_compose, verb) = (compose, inner);
            rest = rest[(at + 1)..];
        }
        var first = SkipFlags(verb.Flags, rest, out var pending);
        if (pending is not null)
        {
            return From(pending.Completes);
        }
        if (verb.StopAtFirstArgument && first < rest.Length)
        {
            return [];
        }
        return last.StartsWith('-') ? Names(verb.Flags) : From(verb.Completes);
    }

    // Index of the first argument; a flag that still waits for its value is returned in pending.
    private static int SkipFlags(Flag[] flags, ReadOnlySpan<string> words, out Flag? pending)
    {
        pending = null;
        var firstArgument = words.Length;
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            if (word.Length < 2 || word[0] != '-' || word == "--")
            {
                firstArgument = Math.Min(firstArgument, i);
                continue;
            }
            var flag = word.StartsWith("--", StringComparison.Ordinal) ? FlagParser.Find(flags, word[2..]) : FlagParser.FindLetter(flags, word[^1]);
            if (flag?.ValueName is null || word.Contains('=', StringComparison.Ordinal))
            {
                continue;
            }
            if (i + 1 == words.Length)
            {
                pending = flag;
            }
            i++;
        }
        return firstArgument;
    }

    private static IEnumerable<string> Names(Flag[] flags) => flags.Where(flag => !flag.Hidden).Select(flag => "--" + flag.Name).Append("--help");

    private IEnumerable<string> From(CompletionSource source) => source switch
    {
        CompletionSource.Containers => Containers("/containers/json?all=1", _ => true),
        CompletionSource.RunningContainers => Containers("/containers/json", _ => true),
        CompletionSource.StoppedContainers => Containers("/containers/json?all=1", state => state != "running"),
        CompletionSource.Images => Images(),
        CompletionSource.ContainersAndImages => Containers("/containers/json?all=1", _ => true).Concat(Images()),
        CompletionSource.Volumes => Ask("/volumes", root => root.Items("Volumes").Select(volume => volume.Text("Name"))),
        CompletionSource.Kernels => Ask("/berth/kernels", root => root.EnumerateArray().Select(kernel => kernel.Text("Name"))),
        CompletionSource.Runtimes => ["container", "vm"],
        CompletionSource.Networks => Ask("/networks", root => root.EnumerateArray().Select(network => network.Text("Name"))),
        CompletionSource.RestartPolicies => ["no", "always", "unless-stopped", "on-failure"],
        CompletionSource.Signals => s_signals,
        CompletionSource.Capabilities => s_capabilities,
        CompletionSource.ComposeServices => _compose?.ServiceNames(context) ?? [],
        CompletionSource.Shells => ["bash", "zsh", "fish"],
        _ => [],
    };

    private IReadOnlyList<string> Containers(string target, Func<string, bool> wanted) => Ask(target, root => root.EnumerateArray()
        .Where(container => wanted(container.Text("State"))).SelectMany(container => container.Texts("Names")).Select(name => name.TrimStart('/')));

    private IReadOnlyList<string> Images() => Ask("/images/json", root => root.EnumerateArray()
        .SelectMany(image => image.Texts("RepoTags")).Where(name => name != "<none>:<none>")
        .SelectMany(name => name.EndsWith(":latest", StringComparison.Ordinal) ? [name[..^":latest".Length], name] : (IEnumerable<string>)[name]));

    private IReadOnlyList<string> Ask(string target, Func<JsonElement, IEnumerable<string>> read)
    {
        try
        {
            using ApiClient client = new(() => new DescriptorStream(Libc.ConnectUnix(context.Paths.Socket)));
            using var answer = client.Get(target);
            return [.. read(answer.RootElement)];
        }
        catch (Exception e) when (e is IOException or ApiException or InvalidOperationException)
        {
            return [];
        }
    }
}
