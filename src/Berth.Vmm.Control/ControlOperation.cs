using System.Text.Json.Serialization;

namespace Berth.Vmm.Control;

/// <summary>What a client of the control socket wants.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ControlOperation>))]
public enum ControlOperation
{
    /// <summary>Nothing: no operation was named.</summary>
    None,

    /// <summary>A further process, whose three standard streams come with the request as descriptors.</summary>
    Exec,

    /// <summary>The serial console: what it printed so far, then both directions live until either side closes.</summary>
    Console,

    /// <summary>The guest's counters.</summary>
    Stats,

    /// <summary>Sends a signal to the exec of this connection.</summary>
    Signal,

    /// <summary>Sets the size of the terminal of the exec of this connection.</summary>
    Resize,

    /// <summary>Adds a network card, whose tap comes with the request as a descriptor; answered when the guest has set it up.</summary>
    Plug,

    /// <summary>Takes a network card away; answered when the guest has let go of it. Its wire is cut in any case.</summary>
    Unplug,

    /// <summary>Replaces what the guest's files say of its networks, and gives a card the default routes.</summary>
    Configure,
}
