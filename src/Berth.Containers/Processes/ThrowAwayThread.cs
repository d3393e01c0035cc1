using System.Runtime.ExceptionServices;

namespace Berth.Containers.Processes;

/// <summary>Runs work on a thread that ends with it, because the work moves the thread into other namespaces for good.</summary>
internal static class ThrowAwayThread
{
    private const int StackBytes = 256 * 1024;

    public static T Run<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, StackBytes)
        { IsBackground = true, Name = "berth-create" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
