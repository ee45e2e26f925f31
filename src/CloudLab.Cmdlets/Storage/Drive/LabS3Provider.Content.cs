using System.Management.Automation.Provider;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <content>Reading and writing content.</content>
public sealed partial class LabS3Provider : IContentCmdletProvider
{
    /// <inheritdoc/>
    public object GetContentReaderDynamicParameters(string path) => new ReadParameters();

    /// <inheritdoc/>
    public object GetContentWriterDynamicParameters(string path) => new WriteParameters();

    /// <inheritdoc/>
    public object? ClearContentDynamicParameters(string path) => null;

    /// <inheritdoc/>
    public IContentReader? GetContentReader(string path)
    {
        ReadParameters asked = DynamicParameters as ReadParameters ?? new ReadParameters();
        return Content(path, (pump, store, at) => new DriveReader(this, store.Content, path, at, asked, pump));
    }

    /// <inheritdoc/>
    public IContentWriter? GetContentWriter(string path)
    {
        WriteParameters asked = DynamicParameters as WriteParameters ?? new WriteParameters();
        return Content(path, (pump, store, at) => new DriveWriter(this, store, path, at, asked, pump));
    }

    /// <inheritdoc/>
    public void ClearContent(string path)
    {
        // Set-Content clears first. Its writer replaces the object as a whole: nobody sees it empty, and a broken pipeline loses nothing.
        if (DynamicParameters is WriteParameters)
        {
            return;
        }

        DriveLocation at = Parse(path);
        if (IsObject(path, at) && ShouldChange(at, at.ToString(), "Clear content"))
        {
            Change(path, async (store, _, token) =>
            {
                LabObjectMetadata old = await store.Objects.GetAsync(at.Bucket, at.Key!, ReadOptions.Default, token);
                await store.WriteAsync(at.Bucket, at.Key!, [], DriveStore.Again(old), token);
            });
        }
    }

    /// <summary>Runs a piece of a reader's or writer's work; a problem is an error of its path.</summary>
    /// <param name="pump">The reader's or writer's own.</param>
    /// <param name="path">Its path.</param>
    /// <param name="work">The work.</param>
    /// <returns>False after an error.</returns>
    internal bool Serve(WorkPump pump, string path, Func<CancellationToken, Task> work)
    {
        current = pump;
        try
        {
            if (Stopping)
            {
                pump.Stop();
            }

            Exception? problem = Ended(pump, pump.Run(work, Settle));
            if (problem is not null)
            {
                WriteError(ErrorMapper.ToRecord(problem, path));
            }

            return problem is null;
        }
        finally
        {
            current = null;
        }
    }

    private T? Content<T>(string path, Func<WorkPump, DriveStore, DriveLocation, T> open)
        where T : class
    {
        try
        {
            DriveLocation at = DrivePath.Parse(path);
            if (!IsObject(path, at))
            {
                return null;
            }

            WorkPump pump = NewPump();
            return open(pump, Open(path, pump), at);
        }
        catch (LabException e)
        {
            WriteError(ErrorMapper.ToRecord(e, path));
            return null;
        }
    }

    private bool IsObject(string path, DriveLocation at)
    {
        if (!string.IsNullOrEmpty(at.Key) && at.IsFolder is not true)
        {
            return true;
        }

        Refuse(path, "NotAnObject", $"{at} is not an object and has no content.", "Name an object in it.");
        return false;
    }
}
