namespace CloudLab.NullServer;

/// <summary>What a listing asks for; equal questions have equal answers.</summary>
/// <param name="Kind">Which of the three listings.</param>
/// <param name="Prefix">Beginning of the keys.</param>
/// <param name="Delimiter">What ends a common prefix, or nothing.</param>
/// <param name="After">Last key or prefix of the page before.</param>
/// <param name="Most">Keys a page.</param>
/// <param name="Encoded">Whether keys are percent-encoded.</param>
internal sealed record ListQuery(ListKind Kind, string Prefix, string Delimiter, string After, int Most, bool Encoded)
{
    /// <summary>Reads the question.</summary>
    /// <param name="request">A GET of a bucket.</param>
    /// <returns>The question.</returns>
    public static ListQuery Of(Request request)
    {
        ListKind kind = request.Asks("versions") ? ListKind.Versions : request.Query("list-type") == "2" ? ListKind.V2 : ListKind.V1;
        string? after = kind switch
        {
            ListKind.V2 => request.Query("continuation-token") ?? request.Query("start-after"),
            ListKind.V1 => request.Query("marker"),
            _ => request.Query("key-marker"),
        };
        return new ListQuery(
            kind, request.Query("prefix") ?? "", request.Query("delimiter") ?? "", after ?? "",
            Math.Min(1000, int.Parse(request.Query("max-keys") ?? "1000")), request.Query("encoding-type") == "url");
    }
}
