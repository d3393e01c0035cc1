using System.Text;
using Berth.Cli.Api;
using Berth.Cli.Http;
using Berth.Cli.Terminal;
using Berth.Linux;

namespace Berth.Cli.CommandLine;

/// <summary>What every verb gets: where the daemon is, the client for it, and the three standard streams.</summary>
internal sealed class CommandContext : IDisposable
{
    private ApiClient? _api;
    private StreamWriter? _out;
    private StreamWriter? _error;

    /// <summary>Uses the process's standard streams.</summary>
    public CommandContext(BerthPaths paths)
        : this(paths, new FileDescriptor(0, ownsHandle: false), new FileDescriptor(1, ownsHandle: false), new FileDescriptor(2, ownsHandle: false))
    {
    }

    /// <summary>Uses the given descriptors as standard streams.</summary>
    public CommandContext(BerthPaths paths, FileDescriptor stdin, FileDescriptor stdout, FileDescriptor stderr)
    {
        Paths = paths;
        (StdIn, StdOut, StdError) = (stdin, stdout, stderr);
    }

    /// <summary>Socket and directories.</summary>
    public BerthPaths Paths { get; }

    /// <summary>The command line the verb was called by, for help: <c>berth run</c>.</summary>
    public string CalledAs { get; set; } = "berth";

    /// <summary>False: a daemon that does not answer is an error, it is not started.</summary>
    public bool MayStartDaemon { get; init; } = true;

    /// <summary>The daemon; connected on first use.</summary>
    public ApiClient Api => _api ??= new ApiClient(new DaemonConnector(this).Connect);

    /// <summary>Data goes here.</summary>
    public TextWriter Out => _out ??= Writer(StdOut);

    /// <summary>Progress and complaints go here.</summary>
    public TextWriter Error => _error ??= Writer(StdError);

    /// <summary>Descriptor of standard input.</summary>
    public FileDescriptor StdIn { get; }

    /// <summary>Descriptor of standard output.</summary>
    public FileDescriptor StdOut { get; }

    /// <summary>Descriptor of standard error.</summary>
    public FileDescriptor StdError { get; }

    /// <summary>True when progress bars may be drawn.</summary>
    public bool ErrorIsTerminal => Libc.IsTerminal(StdError);

    /// <summary>Colours for standard output: none unless it is a terminal and NO_COLOR is unset.</summary>
    public Palette Colors => Palette.For(StdOut);

    /// <summary>Colours for standard error.</summary>
    public Palette ErrorColors => Palette.For(StdError);

    /// <summary>Prints a complaint as <c>berth: …</c>.</summary>
    public void Complain(string message) => Error.WriteLine($"{ErrorColors.Red("berth:")} {message}");

    /// <summary>Writes out what is buffered.</summary>
    public void Flush()
    {
        _out?.Flush();
        _error?.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _api?.Dispose();
    }

    private static StreamWriter Writer(FileDescriptor descriptor) =>
        new(new DescriptorStream(descriptor), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 4096) { NewLine = "\n" };
}
