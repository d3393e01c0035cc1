using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Terminal;

namespace Berth.Cli.Containers;

/// <summary>Has the daemon fetch the kernel that virtual machines boot unless told otherwise, and shows the progress.</summary>
internal sealed class KernelFetch(CommandContext context)
{
    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>Fetches it when the daemon has none.</summary>
    public void RunIfMissing()
    {
        if (FindName() is null)
        {
            Run();
        }
    }

    /// <summary>The daemon's name for it; null when it has none.</summary>
    public string? FindName()
    {
        using var kernels = context.Api.Get("/berth/kernels");
        foreach (var kernel in kernels.RootElement.EnumerateArray())
        {
            if (kernel.Flag("Default"))
            {
                return kernel.Text("Name");
            }
        }
        return null;
    }

    /// <summary>Fetches it; a sound one that is there already stays.</summary>
    public void Run()
    {
        using var exchange = context.Api.Send("POST", "/berth/kernels");
        new ProgressReport(context) { Quiet = Quiet }.Show(exchange.Body, "Fetching the kernel");
    }
}
