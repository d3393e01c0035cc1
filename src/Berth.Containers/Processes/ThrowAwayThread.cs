using System.Runtime.ExceptionServices;

namespace Berth.Containers.Processes;

/// <summary>Runs work on a thread that ends with it, because the work moves the thread into other namespaces for good.</summary>
internal static class ThrowAwayThread
{
    private const int StackBytes = 256 * 1024;

    public static T Run<T>(Func<T> work) => Run(_ => work());

    /// <summary>Gives the work a way to have something done on the calling thread, which has kept its namespaces.</summary>
    public static T Run<T>(Func<CallerTurn, T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        CallerTurn caller = new();
        Thread thread = new(() =>
        {
            try
            {
                result = work(caller);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                caller.End();
            }
        }, StackBytes)
        { IsBackground = true, Name = "berth-create" };
        thread.Start();
        caller.Serve();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
