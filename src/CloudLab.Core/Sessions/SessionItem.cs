namespace CloudLab.Core.Sessions;

/// <summary>Something that a service told of and that remembers the session it came from.</summary>
public interface ISessionItem
{
    /// <summary>
    /// Base URL of the service that it came from, null where it came from none. Unlike the session it survives serialization, so that a
    /// later cmdlet can tell whether it is about to ask another service.
    /// </summary>
    string? EndpointUrl { get; }

    /// <summary>Session and endpoint that it came from; null for an object that somebody made.</summary>
    internal SessionOrigin? Origin { get; set; }
}

/// <summary>Base of what cmdlets write that remembers its session.</summary>
public abstract class SessionItem : ISessionItem
{
    // An origin, or only the URL of one: a listing holds a hundred thousand of these.
    private object? origin;

    /// <inheritdoc/>
    public string? EndpointUrl
    {
        get => (origin as SessionOrigin)?.EndpointUrl ?? origin as string;
        init => origin = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <inheritdoc/>
    SessionOrigin? ISessionItem.Origin
    {
        get => origin as SessionOrigin;
        set => origin = value;
    }
}

/// <summary>A session and the endpoint of the service that was asked with it.</summary>
/// <param name="session">The session; it is held in memory only.</param>
/// <param name="endpointUrl">Base URL of the service.</param>
public sealed class SessionOrigin(LabSession session, string endpointUrl)
{
    /// <summary>The session.</summary>
    public LabSession Session => session;

    /// <summary>Base URL of the service, without a slash at its end.</summary>
    public string EndpointUrl => endpointUrl;

    /// <summary>The origin of an object.</summary>
    /// <param name="item">Anything.</param>
    /// <returns>Its origin; null where it has none, or has lost it by being serialized.</returns>
    public static SessionOrigin? Of(object? item) => (item as ISessionItem)?.Origin;

    /// <summary>Whether two base URLs name the same service.</summary>
    /// <param name="one">A base URL.</param>
    /// <param name="other">Another.</param>
    /// <returns>True where they differ in nothing but case of the host, default port and a slash at the end.</returns>
    public static bool IsSame(string one, string other) => Normal(one) == Normal(other);

    /// <summary>Makes an object remember this origin.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="item">The object.</param>
    /// <returns>The same object.</returns>
    public T Mark<T>(T item)
        where T : ISessionItem
    {
        item.Origin = this;
        return item;
    }

    private static string Normal(string url) => (Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) ? parsed.AbsoluteUri : url).TrimEnd('/');
}
