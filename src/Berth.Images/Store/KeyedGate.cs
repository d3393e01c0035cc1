namespace Berth.Images.Store;

/// <summary>Lets one caller at a time hold a key.</summary>
internal sealed class KeyedGate
{
    private readonly Dictionary<Digest, (SemaphoreSlim Semaphore, int Users)> _gates = [];

    public async ValueTask<IDisposable> EnterAsync(Digest key, CancellationToken cancellation)
    {
        SemaphoreSlim semaphore;
        lock (_gates)
        {
            (semaphore, int users) = _gates.TryGetValue(key, out var known) ? known : (new SemaphoreSlim(1), 0);
            _gates[key] = (semaphore, users + 1);
        }
        try
        {
            await semaphore.WaitAsync(cancellation);
        }
        catch
        {
            Leave(key);
            throw;
        }
        return new Holder(this, key, semaphore);
    }

    private void Leave(Digest key)
    {
        lock (_gates)
        {
            (SemaphoreSlim semaphore, int users) = _gates[key];
            if (users == 1)
            {
                _gates.Remove(key);
            }
            else
            {
                _gates[key] = (semaphore, users - 1);
            }
        }
    }

    private sealed class Holder(KeyedGate gate, Digest key, SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose()
        {
            semaphore.Release();
            gate.Leave(key);
        }
    }
}
