using System.Net;
using System.Text.RegularExpressions;

namespace CloudLab.Emulator.Http;

/// <summary>Reason phrases of status lines (RFC 9110, section 15).</summary>
internal static partial class HttpStatusText
{
    /// <summary>The phrase of a status.</summary>
    /// <param name="status">HTTP status.</param>
    /// <returns><c>Not Found</c>; the number itself where .NET has no name for it.</returns>
    public static string Of(int status) =>
        status == 200 ? "OK" : WordStart().Replace(((HttpStatusCode)status).ToString(), " $0");

    [GeneratedRegex("(?<=[a-z])[A-Z]")]
    private static partial Regex WordStart();
}
