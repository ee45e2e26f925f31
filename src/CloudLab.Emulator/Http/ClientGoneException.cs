namespace CloudLab.Emulator.Http;

/// <summary>The connection broke, or what came over it cannot be read on: nobody is there to be answered.</summary>
/// <param name="message">What happened.</param>
/// <param name="inner">The network's own exception.</param>
public sealed class ClientGoneException(string message, Exception? inner = null) : IOException(message, inner);
