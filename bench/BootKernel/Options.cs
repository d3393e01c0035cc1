namespace BootKernel;

/// <summary>The command line of this program.</summary>
internal sealed record Options
{
    public string Kernel { get; init; } = "";

    public string Initrd { get; init; } = "";

    public string CommandLine { get; init; } = "console=ttyS0 panic=-1";

    public ulong Megabytes { get; init; } = 256;

    public int Cpus { get; init; } = 1;

    public int Seconds { get; init; } = 60;

    public string Until { get; init; } = "";

    /// <summary>Interpret everything.</summary>
    public bool Interpret { get; init; }

    /// <summary>Run busy user code on the host's processor itself.</summary>
    public bool Direct { get; init; }

    /// <summary>Count translated instructions too.</summary>
    public bool Count { get; init; }

    /// <summary>Run translator and interpreter side by side and stop at the first difference.</summary>
    public bool LockStep { get; init; }

    /// <summary>In lock-step: millions of instructions between comparisons of all memory.</summary>
    public ulong CompareMemory { get; init; } = 20;

    /// <summary>End after so many millions of instructions; 0 for never.</summary>
    public ulong Millions { get; init; }

    public static Options Parse(string[] arguments)
    {
        var options = new Options();
        for (int i = 0; i < arguments.Length; i++)
        {
            string Value() => ++i < arguments.Length ? arguments[i] : throw new ArgumentException($"{arguments[i - 1]} needs a value");
            options = arguments[i] switch
            {
                "--kernel" => options with { Kernel = Value() },
                "--initrd" => options with { Initrd = Value() },
                "--append" => options with { CommandLine = options.CommandLine + " " + Value() },
                "--memory" => options with { Megabytes = ulong.Parse(Value(), null) },
                "--cpus" => options with { Cpus = int.Parse(Value(), null) },
                "--seconds" => options with { Seconds = int.Parse(Value(), null) },
                "--until" => options with { Until = Value() },
                "--interpret" => options with { Interpret = true },
                "--lock-step" => options with { LockStep = true },
                "--compare-memory" => options with { CompareMemory = ulong.Parse(Value(), null) },
                "--millions" => options with { Millions = ulong.Parse(Value(), null) },
                "--direct" => options with { Direct = true },
                "--count" => options with { Count = true },
                _ => throw new ArgumentException($"unknown option {arguments[i]}; known: --kernel FILE --initrd FILE --append TEXT --memory MIB --cpus N --seconds N --until TEXT --interpret --direct --count --lock-step --compare-memory MILLIONS --millions N"),
            };
        }
        return options;
    }
}
