namespace Berth.Devices.Chipset;

/// <summary>What a guest may ask of the machine as a whole. Called on vCPU threads; must return at once.</summary>
public interface IMachinePower
{
    /// <summary>ACPI S5: the guest has shut down.</summary>
    void PowerOff();

    /// <summary>The guest wants the machine to start again.</summary>
    void Reset();
}
