namespace Berth.Cli.CommandLine;

/// <summary>One command of the CLI: its flags, its help, and what it does.</summary>
internal abstract class Verb
{
    /// <summary>What follows the verb's name in help: <c>[OPTIONS] CONTAINER [CONTAINER...]</c>.</summary>
    public abstract string Usage { get; }

    /// <summary>Command lines worth showing, without the leading <c>berth</c>.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>The flags the verb understands.</summary>
    public virtual Flag[] Flags => [];

    /// <summary>Fewest arguments.</summary>
    public virtual int MinimumArguments => 0;

    /// <summary>Most arguments.</summary>
    public virtual int MaximumArguments => int.MaxValue;

    /// <summary>True when words after the first argument belong to the workload.</summary>
    public virtual bool StopAtFirstArgument => false;

    /// <summary>Exit code when the engine refuses or cannot be reached.</summary>
    public virtual int EngineErrorCode => 1;

    /// <summary>What the arguments are, for the shell.</summary>
    public virtual CompletionSource Completes => CompletionSource.Nothing;

    /// <summary>Runs the verb and returns the exit code.</summary>
    public abstract int Run(CommandContext context, IReadOnlyList<string> arguments);
}
