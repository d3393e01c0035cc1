using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Terminal;
using Berth.Linux;

namespace Berth.Cli.Streams;

/// <summary>What <c>run</c>, <c>start -a</c>, <c>attach</c> and <c>exec</c> have in common once the stream stands.</summary>
internal sealed class Attachment(CommandContext context)
{
    /// <summary>The workload has a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Pass the user's input on.</summary>
    public bool Input { get; init; }

    /// <summary>Pass signals on instead of ending by them (without a terminal only).</summary>
    public bool ForwardSignals { get; init; }

    /// <summary>Keys that detach, as given; null: the default.</summary>
    public string? DetachKeys { get; init; }

    /// <summary>Target of resize calls: <c>/containers/ID</c> or <c>/exec/ID</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Becomes readable when the workload has ended.</summary>
    public FileDescriptor? Ended { get; init; }

    /// <summary>A terminal must be one: docker's complaint, and the way out.</summary>
    public static void RequireTerminal(CommandContext context, bool tty, bool input)
    {
        if (tty && input && !Libc.IsTerminal(context.StdIn))
        {
            throw new CliException("the input device is not a TTY: leave -t out when input comes from a pipe or a file");
        }
    }

    /// <summary>Passes everything on until the end; runs <paramref name="onReady"/> once signals are caught and the terminal is raw. True when the user detached.</summary>
    public bool Run(HijackedStream stream, Action? onReady = null)
    {
        context.Flush();
        var interactive = Tty && Input;
        using var signals = Tty
            ? new SignalQueue([.. SignalQueue.Forwarded, SignalQueue.WindowChanged])
            : ForwardSignals ? new SignalQueue(SignalQueue.Forwarded) : null;
        int? endedBy = null;
        using (interactive ? RawTerminal.Enter(context.StdIn) : null)
        {
            onReady?.Invoke();
            using StreamSession session = new(stream)
            {
                StdOut = context.StdOut,
                StdError = context.StdError,
                StdIn = Input ? context.StdIn : null,
                Tty = Tty,
                DetachKeys = interactive ? Streams.DetachKeys.Parse(DetachKeys) : null,
                Signals = signals,
                Ended = Ended,
                OnSignal = signal =>
                {
                    if (signal == SignalQueue.WindowChanged)
                    {
                        Resize();
                        return false;
                    }
                    if (Tty)
                    {
                        endedBy = signal;
                        return true;
                    }
                    Forward(signal);
                    return false;
                },
            };
            session.Run();
            if (endedBy is { } number)
            {
                throw new CliException($"ended by {SignalQueue.NameOf(number)}; the workload goes on", 128 + number);
            }
            return session.Left;
        }
    }

    /// <summary>Tells the daemon the size of the user's terminal.</summary>
    public void Resize()
    {
        if (!Tty || TerminalSize.Of(context.StdOut) is not { } size)
        {
            return;
        }
        try
        {
            using var exchange = context.Api.Send("POST", new Query($"{Target}/resize").Add("h", size.Rows).Add("w", size.Columns).ToString());
        }
        catch (ApiException)
        {
            // It ended in the meantime.
        }
    }

    /// <summary>Exit code in the answer of a wait call; its error is printed.</summary>
    public static int ExitCode(CommandContext context, Exchange wait)
    {
        var body = wait.Body.ReadAll();
        return (PlainAnswers.StatusCode(body) ?? ReadExitCode(context, body)) & 0xFF;
    }

    private static int ReadExitCode(CommandContext context, ReadOnlyMemory<byte> body)
    {
        using var answer = ApiClient.Parse(body);
        if (answer.RootElement.Field("Error").Text("Message") is { Length: > 0 } text)
        {
            context.Complain(text);
            return 125;
        }
        return (int)answer.RootElement.Number("StatusCode");
    }

    private void Forward(int signal)
    {
        try
        {
            using var exchange = context.Api.Send("POST", new Query($"{Target}/kill").Add("signal", SignalQueue.NameOf(signal)).ToString());
        }
        catch (ApiException)
        {
            // It ended in the meantime.
        }
    }
}
