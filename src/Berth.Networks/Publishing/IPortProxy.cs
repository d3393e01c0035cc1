namespace Berth.Networks.Publishing;

/// <summary>Holds a port of the host, and carries what comes by the loopback interface, which rules of the kernel cannot translate.</summary>
public interface IPortProxy : IDisposable;
