namespace Berth.Machine;

/// <summary>A message-signalled interrupt whose address and data are known to the backend; disposing gives the way back.</summary>
public interface IMessageRoute : IDisposable
{
    /// <summary>Sends the message. Any thread.</summary>
    void Send();
}
