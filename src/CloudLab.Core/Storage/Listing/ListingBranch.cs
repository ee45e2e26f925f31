using System.Threading.Channels;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Listing;

/// <summary>A part of a listing that is fetched ahead while another part is consumed; a few pages and no more.</summary>
internal sealed class ListingBranch
{
    private const int PagesAhead = 2;

    private readonly Channel<IReadOnlyList<object>> pages = Channel.CreateBounded<IReadOnlyList<object>>(PagesAhead);
    private readonly Task filling;

    /// <summary>A branch that is there already.</summary>
    /// <param name="entries">Its entries.</param>
    public ListingBranch(IReadOnlyList<object> entries)
    {
        if (entries.Count > 0)
        {
            pages.Writer.TryWrite(entries);
        }

        pages.Writer.Complete();
        filling = Task.CompletedTask;
    }

    /// <summary>Begins to fetch a branch.</summary>
    /// <param name="store">The objects.</param>
    /// <param name="listing">What to list.</param>
    /// <param name="cancellation">Ends the listing.</param>
    public ListingBranch(ObjectStore store, ObjectListing listing, CancellationToken cancellation) => filling = Task.Run(
        async () =>
        {
            try
            {
                await foreach (IReadOnlyList<object> page in store.ListPagesAsync(listing, cancellation))
                {
                    await pages.Writer.WriteAsync(page, cancellation);
                }

                pages.Writer.Complete();
            }
            catch (Exception e)
            {
                // Whoever reads the branch gets it.
                pages.Writer.Complete(e);
            }
        },
        CancellationToken.None);

    /// <summary>The pages, in their order.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Pages, none empty. Throws what the listing threw.</returns>
    public IAsyncEnumerable<IReadOnlyList<object>> PagesAsync(CancellationToken cancellation) => pages.Reader.ReadAllAsync(cancellation);

    /// <summary>Waits until nothing is under way; after the listing was cancelled.</summary>
    /// <returns>Done when it is so.</returns>
    public Task SettleAsync() => filling;
}
