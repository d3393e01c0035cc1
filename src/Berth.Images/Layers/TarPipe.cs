using System.IO.Pipelines;

namespace Berth.Images.Layers;

/// <summary>Carries an archive from who writes it to who reads it, without a file between them.</summary>
public static class TarPipe
{
    /// <summary>Runs both; the error of the reader, who knows what is wrong with an archive, goes before that of the writer.</summary>
    public static async Task RunAsync(Func<Stream, Task> write, Func<Stream, Task> read)
    {
        var pipe = new Pipe();
        Task writing = Task.Run(() => WriteAsync(pipe.Writer, write));
        try
        {
            await using (Stream input = pipe.Reader.AsStream(leaveOpen: true))
            {
                await read(input);
            }
        }
        catch (Exception e) when (writing.IsFaulted && e == writing.Exception!.InnerException)
        {
            throw; // the writer's own, which came through the pipe
        }
        catch
        {
            await pipe.Reader.CompleteAsync();
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await pipe.Reader.CompleteAsync();
        await writing;
    }

    private static async Task WriteAsync(PipeWriter writer, Func<Stream, Task> write)
    {
        Exception? failure = null;
        try
        {
            await using Stream output = writer.AsStream(leaveOpen: true);
            await write(output);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            await writer.CompleteAsync(failure);
        }
    }
}
