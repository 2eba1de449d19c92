-- Where the channel stands.
return {epoch, top}
