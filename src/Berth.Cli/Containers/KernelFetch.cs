using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Terminal;

namespace Berth.Cli.Containers;

/// <summary>Has the daemon fetch the kernel that virtual machines boot unless told otherwise, and shows the progress.</summary>
internal sealed class KernelFetch(CommandContext context)
{
    /// <summary>Name of that kernel.</summary>
    public const string DefaultName = "debian-cloud";

    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>Fetches it when the daemon has none.</summary>
    public void RunIfMissing()
    {
        using (var kernels = context.Api.Get("/berth/kernels"))
        {
            foreach (var kernel in kernels.RootElement.EnumerateArray())
            {
                if (kernel.Flag("Default"))
                {
                    return;
                }
            }
        }
        Run();
    }

    /// <summary>Fetches it; a sound one that is there already stays.</summary>
    public void Run()
    {
        using var exchange = context.Api.Send("POST", "/berth/kernels/pull");
        new ProgressReport(context) { Quiet = Quiet }.Show(exchange.Body, "Fetching the kernel");
    }
}
